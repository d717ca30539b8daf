# runtimes.sh
