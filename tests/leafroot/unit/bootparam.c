// bootparam.c - words of a kernel command line
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/bootparam.c

#include "toys.h"
#include "check.h"
#include "lib/bootparam.h"

// A value of 0: the name is not there
static struct {
  char *line, *name, *value;
} rows[] = {
  {"", "leafroot", 0},
  {" \t\n ", "leafroot", 0},
  {"leafroot", "leafroot", ""},
  {"leafroot=", "leafroot", ""},
  {"leafroot=off", "leafroot", "off"},
  {"leafroot=off\n", "leafroot", "off"},
  {"quiet leafroot=off ro", "leafroot", "off"},
  {"\v\f\rleafroot=off\v", "leafroot", "off"},
  {"a\tleafroot=off\tb", "leafroot", "off"},

  // A name is all of its word.
  {"leafroot2=off", "leafroot", 0},
  {"xleafroot=off", "leafroot", 0},
  {"leafroo=off", "leafroot", 0},
  {"module.leafroot=off", "leafroot", 0},
  {"LEAFROOT=off", "leafroot", 0},
  {"x=leafroot=off", "leafroot", 0},
  {"leafroot =off", "leafroot", ""},
  {"=off", "leafroot", 0},
  {"leafroot==off", "leafroot", "=off"},
  {"leafroot=a=b,c=d", "leafroot", "a=b,c=d"},

  // The last one counts, whatever it says.
  {"leafroot=a leafroot=b", "leafroot", "b"},
  {"leafroot=a leafroot", "leafroot", ""},
  {"leafroot leafroot=b", "leafroot", "b"},
  {"leafroot=a leafroot= x", "leafroot", ""},
  {"leafroot=a leafroot2=b", "leafroot", "a"},

  // kernel/params.c dash2underscore(): in the name, not in the value
  {"leaf-root=a-b_c", "leaf_root", "a-b_c"},
  {"leaf_root=a-b_c", "leaf-root", "a-b_c"},
  {"leaf-root=a leaf_root=b", "leaf-root", "b"},
  {"leaf__root=a", "leaf-_root", "a"},
  {"leaf--root=a", "leaf_root", 0},
  {"-=a", "_", "a"},

  // What follows a lone "--" is for init.
  {"-- leafroot=off", "leafroot", 0},
  {"leafroot=a -- leafroot=b", "leafroot", "a"},
  {"leafroot=a --  ", "leafroot", "a"},
  {"leafroot=a\t--\tleafroot=b", "leafroot", "a"},
  {"--- leafroot=off", "leafroot", "off"},
  {"--x leafroot=off", "leafroot", "off"},
  {"--=x leafroot=off", "leafroot", "off"},
  {"- - leafroot=off", "leafroot", "off"},
  {"-_ leafroot=off", "leafroot", "off"},
  {"__ leafroot=off", "leafroot", "off"},
  {"x=-- leafroot=off", "leafroot", "off"},
  {"\"--", "leafroot", 0},
  {"--", "--", 0},
  {"--leafroot=off", "leafroot", 0},

  // Quotes round the value
  {"leafroot=\"a b\" c", "leafroot", "a b"},
  {"leafroot=\"\"", "leafroot", ""},
  {"leafroot=\"a -- b\" leafroot=c", "leafroot", "c"},
  {"leafroot=\"a\"b\"c\"", "leafroot", "a\"b\"c"},
  {"leafroot=a\" \"b c", "leafroot", "a\" \"b"},
  {"leafroot=a\"", "leafroot", "a\""},
  {"leafroot=a\" leafroot=b", "leafroot", "a\" leafroot=b"},
  {"x=\"leafroot=a\"", "leafroot", 0},
  {"x=\"leafroot=a leafroot=b\" y", "leafroot", 0},
  {"x=\" leafroot=a \"", "leafroot", 0},
  {"leafroot=a x=\"--\" leafroot=b", "leafroot", "b"},

  // Quotes round the whole word
  {"\"leafroot=a b\" c", "leafroot", "a b"},
  {"\"leafroot\"", "leafroot", ""},
  {"\"leafroot\"=a", "leafroot", 0},
  {"\"leafroot=\"", "leafroot", ""},
  {"\"leaf root=a\"", "leaf root", "a"},
  {"\" leafroot=a\"", "leafroot", 0},
  {"\"\" leafroot=a", "leafroot", "a"},
  {"leafroot\"=a", "leafroot", 0},
  {"leaf\"root=a", "leafroot", 0},

  // A quote that nothing ends reaches to the end of the line.
  {"leafroot=\"a b", "leafroot", "a b"},
  {"leafroot=\"", "leafroot", ""},
  {"\"leafroot=a b", "leafroot", "a b"},
  {"\"", "leafroot", 0},
  {"x=\"y leafroot=a", "leafroot", 0},
  {"leafroot=a x=\"y leafroot=b", "leafroot", "a"},

  // Any byte but white space belongs to a word. A signed char would not do.
  {"leafroot=\x01\x7f\x80\xfe", "leafroot", "\x01\x7f\x80\xfe"},
  {"\xff=a leafroot=\xff", "leafroot", "\xff"},
  {"\xff=a", "\xff", "a"},
  {"leafroot=\\\"a b\\\"", "leafroot", "\\\"a b\\\""},
  {"leafroot='a b'", "leafroot", "'a"},
  {"leafroot=%s%n", "leafroot", "%s%n"},
};

int main(void)
{
  char *line, *got;
  unsigned i;

  for (i = 0; i<ARRAY_LEN(rows); i++) {
    // Of the heap and no longer than it is, for a sanitizer to see its end
    check_need(line = strdup(rows[i].line));
    got = lr_bootparam(line, rows[i].name);
    check_str(got, rows[i].value, "row %u, %s in <%s>", i, rows[i].name,
      rows[i].line);
    check_str(line, rows[i].line, "row %u: the command line stays", i);
    free(got);
    free(line);
  }

  // COMMAND_LINE_SIZE of most machines is 2048 or 4096.
  check_need(line = malloc(4097));
  memset(line, 'x', 4096);
  line[4096] = 0;
  got = lr_bootparam(line, "leafroot");
  check_str(got, 0, "4096 bytes of one word");
  memcpy(line, "leafroot=", 9);
  got = lr_bootparam(line, "leafroot");
  check(got && strlen(got) == 4096-9 && !strcmp(got, line+9),
    "4096 bytes with one value");
  free(got);
  memset(line, ' ', 4096);
  memcpy(line+4096-10, "leafroot=z", 10);
  got = lr_bootparam(line, "leafroot");
  check_str(got, "z", "the last of 4096 bytes");
  free(got);
  memset(line, '"', 4096);
  got = lr_bootparam(line, "leafroot");
  check_str(got, 0, "4096 quotes");
  for (i = 0; i<4096; i++) line[i] = "a= "[i%3];
  got = lr_bootparam(line, "leafroot");
  check_str(got, 0, "1365 words");
  got = lr_bootparam(line, "a");
  check_str(got, "", "a word said 1366 times");
  free(got);
  free(line);

  return check_done();
}
