# promises.sh - what the kernel patches promised that were not taken: the lines of
# www/promises.html that no other test has
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

PROMISE='
  want leaf is_leaf tmpfs
  want pivot pivots
  want sealed sealed
'

# nonroot_initramfs: all there is to do is a word on the command line, and /init
# of the archive runs from the leaf.
boot promise-nonroot '' "$PROMISE"'
  same init /init echo "$0"
  same mode 755 stat -c %a /
' cmdline='rdinit=/sbin/leafroot' stage='cp "$WORK/kit/t/init" init'

# user root: the options of a disk root are those of the tmpfs.
boot promise-user-root '' "$PROMISE"'
  want options has size=1048576k
' cmdline='rdinit=/sbin/leafroot rootflags=size=1024M'

boot promise-user-root-ramfs '' '
  want leaf is_leaf ramfs
  want pivot pivots
  want sealed sealed
' cmdline='rdinit=/sbin/leafroot rootfstype=ramfs'

# root=tmpfs: that alone makes the kernel take ramfs for rootfs.
boot promise-root-tmpfs '' "$PROMISE"'
  want options has size=1048576k
  same type tmpfs stat -fc %T /
' cmdline='rdinit=/sbin/leafroot root=tmpfs rootflags=size=1024M'

# Every test that the page names is there, and so is every command line. A test's
# name can be made of a prefix and a kernel: kernel-6.1-tmpfs is kernel-$1-tmpfs.
page()
{
  local html=$LEAFROOT_TOP/www/promises.html i tests lines

  tests=$(sed -n 's/.*<td class="test">\([^<]*\)<.*/\1/p' "$html")
  for i in $tests
  do
    grep -qE "(boot|refuse|lost) \"?($i|${i#refuse-}|$(echo "$i" |
      sed -E 's/-([0-9]+\.[0-9]+|sid)/-\\$1/'))\"?( |$)" "$HERE"/boots/*.sh ||
      echo "no test $i"
  done
  lines=$(grep -o '<code class="line">[^<]*' "$html" | sed 's/.*>//')
  while read -r i
  do
    grep -qF -- "$i" "$HERE"/boots/*.sh || echo "no test has: $i"
  done <<< "$lines"
  echo "$(wc -w <<< "$tests") tests, $(wc -l <<< "$lines") lines"
}
testing "promises.html names tests that exist" page \
  "$(grep -o 'class="test">[^<]*' "$LEAFROOT_TOP/www/promises.html" | sed 's/.*>//' |
    wc -w) tests, $(grep -c 'class="line"' "$LEAFROOT_TOP/www/promises.html") lines\n" "" ""
