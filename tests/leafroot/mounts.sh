# mounts.sh
