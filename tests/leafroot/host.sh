# host.sh
