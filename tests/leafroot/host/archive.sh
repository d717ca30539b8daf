# archive.sh - archives: each row of archives.py against what kernels made of it,
# archives of other programs, damage at many offsets, memory (sourced, bash)
# shellcheck shell=bash
# SPDX-License-Identifier: 0BSD

# archive_needs: what packs archives, and so what makes the table of them
archive_needs()
{
  "$NEED" python3=python3 xz=xz-utils bzip2=bzip2 zstd=zstd lz4=lz4 lzop=lzop \
    cpio=cpio bsdcpio=libarchive-tools busybox=busybox-static \
    /usr/bin/time=time
}

archive_build() { "$HERE/archives/archive-build.sh"; }

# archive_tests: leave the line of each test that is asked for in
# $WORK/archives/results. Print how many came to an end. Who asks for all of them
# as one test has them all run.
archive_tests()
{
  local dir=$WORK/archives i names=()

  mkdir -p "$dir" && rm -f "$dir/results" && have archive_needs || return 0
  python3 "$HERE/archives/archives-test.py" --list > "$dir/names" ||
    { echo "the names cannot be listed"; return 0; }
  while read -r i
  do
    ! selected "archive: $i" && ! selected "archive: all of them" ||
      names+=("$i")
  done < "$dir/names"
  [ ${#names[@]} -ne 0 ] || { echo "all of 0"; return 0; }
  if [ -n "$LEAFROOT_LIST" ]
  then
    printf '%s ok\n' "${names[@]}" > "$dir/results"
    echo "all of ${#names[@]}"
    return
  fi
  have archive_build || return 0
  unshare -m python3 "$HERE/archives/archives-test.py" "${names[@]}" \
    > "$dir/results" || { echo "exit $?"; return 0; }
  i=$(wc -l < "$dir/results")
  [ "$i" -ne ${#names[@]} ] || i=all
  echo "$i of ${#names[@]}"
}

archive_judge()
{
  local came run n=0 line name

  selects "archive: " || return 0
  came=$(archive_tests)
  while read -r line
  do
    n=$((n+1)) name=${line% ok}
    name=${name%%: *}
    testing "archive: $name" "sed -n ${n}p '$WORK/archives/results'" \
      "$name ok\n" "" ""
  done 2> /dev/null < "$WORK/archives/results"
  # If not all came to an end that is a failure, asked for or not.
  run=testing
  [[ $came == "all of "* ]] || run=framework_testing
  "$run" "archive: all of them" "echo '${came//\'}' | sed 's/ [0-9]*\$//'" \
    "all of\n" "" ""
}
archive_judge
