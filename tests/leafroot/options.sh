# options.sh
