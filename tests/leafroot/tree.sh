# tree.sh
