# refuse.sh
