"""The documents of the golden corpus: written by hand for each rule, and generated over small alphabets.

all_cases() yields (group, name, bytes). Names are stable: known_differences.txt refers to them.
"""
import itertools
import random

SCALARS = """
yes Yes YES yEs no No NO nO true True TRUE tRUE false False FALSE on On ON oN off Off OFF y Y n N t f
~ null Null NULL nULL none None ~~ nul
0 -0 +0 00 1 -1 +1 12 007 010 -010 +017 08 09 0o10 0O10 0_7 0_ 0__ 1_000 1__0 _1 1_ -_1 +_1 - + -- 1- 1+
0b0 0b1 0b101 -0b11 +0b1 0b 0b_ 0b1_0 0b2 0B1 0x0 0x1F -0xff +0xA 0x 0x_ 0x_1 0xG 0X10 0x1_F 00b1 00x1
9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 18446744073709551616
123456789012345678901234567890 -123456789012345678901234567890 0xFFFFFFFFFFFFFFFFFFFF 0777777777777777777777777
0b11111111111111111111111111111111111111111111111111111111111111111
1:30 -1:30 +1:30 1:60 1:5 1:05 1:005 1:30:30 190:20:30 0:30 01:30 1_0:30 1:3_0 12:30 24:00 1: :1 1:30: 1::30
99999999999999999999:59 1:30:30:30:30:30:30:30:30:30:30:30:30:30
1.5 -1.5 +1.5 .5 -.5 +.5 5. -5. +5. . .. ... 1..5 1.5. 0.1 00.1 01.5 1_0.5 1.5_0 1._5 ._5 .5_ .5_0 1_.5 _1.5
1e3 1E3 1e+3 1.0e3 1.0e+3 1.0E+3 1.0e-3 1.e+3 1.e-4 .5e+3 .5e-3 -.5e+3 1.5e+ 1.5e+1_0 1.5e+308 1.5e+309 -1.5e+999
1.0e-400 4.9e-324 2.4e-324 1.7976931348623157e+308 0.1e-6 123456789.123456789 0.30000000000000004
1_2_3.4_5e+6 2e-4 1E-4 0.000_2 6.8523015e+5 685.230_15e+03
190:20:30.15 1:30.5 -1:30.5 1:30. 1:60.5 0:0.0 01:30.5 1:3.5_5 1:30.5e+1 1_0:30.5
.inf .Inf .INF +.inf -.inf -.INF .iNF inf -inf .nan .NaN .NAN .Nan +.nan -.nan nan .infinity
2001-01-01 2001-1-1 2001-12-14 2001-02-29 2000-02-29 1900-02-29 2001-13-01 2001-00-01 2001-01-00 2001-01-32 0000-01-01
0001-01-01 9999-12-31 10000-01-01 2001-12-14t21:59:43.10-05:00 2001-12-14T21:59:43Z 2001-12-14T21:59:43z
2001-12-15T2:59:43.1Z 2001-12-14T21:59:43 2001-12-14T21:59 2001-12-14T24:00:00 2001-12-14T23:60:00 2001-12-14T23:59:60
2001-12-14T1:2:3 2001-1-1T01:02:03 2001-12-14T21:59:43. 2001-12-14T21:59:43.1234567 2001-12-14T21:59:43.000001
2001-12-14T21:59:43+5 2001-12-14T21:59:43+05 2001-12-14T21:59:43-05:30 2001-12-14T21:59:43+23:59 2001-12-14T21:59:43+24:00
2001-12-14T21:59:43+23:60 2001-12-14T21:59:43-24:00 2001-12-14T21:59:43+10:75 2001-12-14T21:59:43-00:00
2001-12-14T21:59:43+0530 2001-12-14T21:59:43+5:3 2001-12-14T21:59:43+99:99 20011214 2001-12 2001-12-14T
= == =a << <<< < <<a
a a:b a#b a, a] a} a? a! a& a* a| a> a% a@ a` a' a" :a ::a ?a -a --a ---a ..a a- a: #a a# %a @a `a &a *a !a |a >a 'a "a [a {a ]a }a ,a
http://example.org:80/a?b=c#d C:\\dir ./out ../out $HOME ${HOME} ~/x a=b a+b 1/2 (a) a;b 50% a\\nb
""".split()

SPACED = [
    "a b", "a  b", "a #b", "a# b", "a : b", "a ,b", "2001-12-14 21:59:43.10 -5", "2001-12-14 21:59:43 Z",
    "2001-12-14  21:59:43", "2001-12-14 21:59:43 +01:00", "2001-12-14 1:59:43", "2001-1-1 1:02:03", "1 2", "yes no", "- a", "? a", "-  a",
    "a\tb", "a\t", "\ta", "a b\tc", "a -b", "a - b", "a ? b", "1 ", "+ 1", "- 1", "'a' b", "\"a\" b", "a 'b'",
]

TAG_VALUES = [
    "", "1", "-1", "--5", "+-5", "- 5", " 12 ", "12 ", "0", "00", "0 ", "010", "08", "0o17", "0O17", "0b1", "0b0b1", "0B1", "0x1f", "0x0x1",
    "0X1f", "0b", "0x", "1_0", "_", "_1", "1:30", "1:-5", "1::2", "1:", ":1", "0:30", "-1:30", "abc", "1.5", "1e3", "1E3",
    "1.0e+3", "inf", "-inf", "infinity", "INFINITY", "nan", ".inf", "-.INF", ".NaN", "+.nan", "1:30.5", "1.5:30", "1e400:0", "1.", ".5", ".",
    "e5", "1e", "1e+", "0x1p3", " 1.5 ", "yes", "YES", "yEs", "oFF", "y", "true ", "null", "~", "x", "2001-01-01",
    "2001-1-1", "2001-01-01 ", "2001-12-14 21:59:43", "2001-13-01", "aGVsbG8=", "aGVsbG8", "aGVsbG", "aGVsb", "a", "=", "==",
    "aG=k", "aGk==aGk=", "a-G.k=", "aGk=\u00e9", "<<", "text\n", "12\\n",
]

TAGS = ["str", "int", "float", "bool", "null", "timestamp", "binary"]

STRUCTURE = {
    "empty": "", "blank_lines": "\n\n", "comment_only": "# nothing", "spaces_only": "   ", "root_scalar": "text",
    "root_two_lines": "a\nb", "root_colon_without_space": "a:1\nb:2", "root_sequence": "- a\n- b", "root_mapping": "a: 1\nb: 2",
    "nested": "a:\n  b:\n    c: 1\n  d: 2\ne: 3", "sequence_in_mapping": "a:\n  - 1\n  - 2\nb: 3",
    "indentless_sequence": "a:\n- 1\n- 2\nb: 3", "indentless_nested": "a:\n- b:\n  - c\n- d", "mapping_in_sequence": "- a: 1\n  b: 2\n- c: 3",
    "sequence_in_sequence": "- - a\n  - b\n- - c", "sequence_deep_line": "- - - a", "mapping_deep_dash": "- a:\n  - b",
    "empty_values": "a:\nb:\n  c:\nd:", "empty_items": "-\n- a\n-", "empty_item_nested": "-\n  a: 1\n-\n  - b",
    "value_on_next_line": "a:\n  b", "value_at_column_0": "a:\nb", "value_two_lines": "a: b\n  c", "value_two_lines_less": "a:\n  b\n c: d",
    "plain_continues_with_colon": "a: b\n  c: d", "two_colons": "a: b: c", "two_colons_quoted": "a: 'b': c", "two_colons_tight": "a: b:c",
    "colon_no_space": "a:b", "colon_no_space_in_mapping": "a: 1\nb:2", "colon_no_space_first": "a:1\nb: 2", "colon_no_space_nested": "a:\n  b:1\n  c: 2",
    "colon_space_before": "a : b", "colon_tab": "a:\tb", "colon_tab_space": "a: \tb", "colon_only": ":", "colon_value": ": a", "colon_in_sequence": "- : a",
    "tab_indent": "a:\n\tb: 1", "tab_after_spaces": "a:\n  \tb: 1", "tab_in_list": "-\ta", "tab_before_comment": "a: b\t# c", "tab_at_end": "a: b\t",
    "tab_only_line": "a: 1\n\t\nb: 2", "tab_in_quotes": "a: \"b\tc\"", "tab_in_single_quotes": "a: 'b\tc'", "tab_in_block": "a: |\n  b\tc\n", "tab_in_comment": "a: 1 #\tb",
    "tab_in_flow": "[a,\tb]", "tab_before_flow_end": "[a\t]", "tab_line_in_plain": "a: b\n\tc", "tab_before_colon": "a\t: b", "tab_begins": "\ta: 1", "tab_alone": "\t",
    "bad_dedent": "a:\n    b: 1\n  c: 2", "bad_indent": "a: 1\n b: 2", "bad_indent_key": "a:\n  b: 1\n   c: 2", "bad_indent_list": "- a\n - b", "bad_dedent_list": "  - a\n- b", "bad_mix": "- a\nb: c",
    "bad_mix_mapping": "a: b\n- c", "bad_list_value": "a: - b", "bad_list_value_two": "a: - b\n   - c", "list_after_scalar": "a\n- b", "mapping_after_quoted": "\"a\"\nb: c",
    "leading_indent": "  a: 1\n  b: 2", "leading_indent_bad": "  a: 1\nb: 2", "key_multi_line": "a\n b: c", "key_quoted_multi_line": "\"a\n b\": c", "key_flow": "[a]: b", "key_flow_map": "{a: 1}: b",
    "key_flow_multi_line": "[a,\n b]: c", "key_alias": "- &a x\n- *a : y", "key_alias_tight": "- &a x\n- *a: y", "key_anchor": "&a b: c\nd: *a", "key_tag": "!!str 1: a", "key_empty_quoted": "'': a",
    "key_1024": "%s: v" % ("k" * 1023), "key_1024_exact": "%s: v" % ("k" * 1024), "key_1025": "%s: v" % ("k" * 1025), "key_1025_flow": "{%s: v}" % ("k" * 1025), "key_1025_quoted": "\"%s\": v" % ("k" * 1024),
    "explicit_key": "? a\n: b", "explicit_key_no_value": "? a\n? b", "explicit_key_sequence": "? - a\n: b", "explicit_key_indentless": "?\n- a\n: b", "explicit_key_empty": "?\n: b", "explicit_mixed": "? a\n: b\nc: d",
    "explicit_key_nested": "? a: b\n: c", "explicit_key_block": "? |\n  a\n: b", "explicit_in_sequence": "- ? a\n  : b", "explicit_value_list": "? a\n: - b\n  - c", "explicit_tight": "?a: b", "explicit_value_only": "a: 1\n: 2",
    "question_in_plain": "a: ?b", "question_end": "a: b?", "question_alone": "?", "dash_alone": "-", "dash_value": "a: -", "dash_tight": "-a", "dash_dash": "- -", "dash_dash_a": "--a", "dashes": "a: --- b",
    "comment_after": "a: 1 # b", "comment_tight": "a: 1# b", "comment_between": "a: 1\n# c\nb: 2", "comment_indented": "a:\n   # c\n  b: 1", "comment_in_plain": "a: b\n  # c\n  d", "comment_after_plain_line": "a: b # c\n  d", "comment_hash_in_text": "a: b#c",
    "comment_after_quote": "a: 'b'# c", "comment_after_bracket": "a: [b]# c", "comment_after_dash": "- # c\n  a", "comment_no_end": "a: 1 #",
    "text_after_quote": "a: 'b' c", "text_after_quote_key": "'a' b: c", "text_after_bracket": "a: [b] c", "text_after_brace": "a: {b: c} d", "two_scalars": "'a' 'b'", "second_root": "a: 1\nb", "second_root_quoted": "- a\n'b'", "root_then_key": "[a]\nb: c",
    "reserved_at": "a: @b", "reserved_backtick": "a: `b`", "reserved_percent": "a: %b", "reserved_at_inside": "a: b@c", "percent_line": "a: b\n%c", "percent_line_indented": "a: b\n %c", "percent_in_flow": "[\n%a]", "comma_value": "a: ,", "bracket_value": "a: ]", "brace_value": "a: }",
    "bar_in_flow": "[|]", "gt_in_flow": "[>\n a]", "dash_in_flow": "[- a]", "dash_tight_in_flow": "[-a]", "dash_alone_in_flow": "[-]", "question_in_flow": "[? a]", "question_in_flow_text": "[a?b]", "colon_in_flow": "[a:b]", "colon_end_in_flow": "[a:]", "colon_comma_in_flow": "{a:,b:}", "colon_first_in_flow": "{: a}", "colon_tight_quoted": "{\"a\":b}", "colon_tight_quoted_list": "[\"a\":b]", "url_in_flow": "[http://a.b/c]", "colon_bracket": "{a:[b]}", "colon_brace": "{a:{b: c}}",
}

FLOW = [
    "[]", "{}", "[ ]", "{ }", "[a]", "[a,]", "[a,,b]", "[,a]", "[,]", "[a b]", "[a, b", "[a, b]]", "[a}", "{a]", "{a}", "{a,}", "{a,,b}", "{,}", "{a: 1}", "{a: 1,}", "{a: 1 b: 2}",
    "{a: 1, b}", "{a: }", "{a:}", "{a :1}", "{a : 1}", "{'a':1}", "{? a : 1}", "{? a}", "{?}", "{? }", "{? : 1}", "{a: b: c}", "[a: b: c]", "[a: 1, b: 2]", "[{a: 1}, {b: 2}]", "[[a], [b]]", "[[a], [b]", "[? a : b]", "[? a]", "[?]", "[: a]", "[:]", "[a: ]", "[a:]",
    "{[a]: b}", "{{a: 1}: b}", "[[a]: b]", "[{a: 1}: b]", "{a: [b, c], d: {e: f}}", "[a\n, b\n]", "[\na,\nb\n]", "{\na: 1,\nb: 2\n}", "{a:\n1}", "{a\n: 1}", "{\"a\"\n: 1}", "[a\nb]", "[a\n\nb]", "['a\nb']", "[a #c\n, b]", "[a, #c\nb]", "[a#c]",
    "a: [\nb\n]", "a:\n  [\nb\n]", "a: {\n  b: c\n}", "a: [b\n]\nc: d", "a: [b\n", "a: {b: [c}", "- [a]\n- {b: c}", "[a]: [b]", "{a: 1}\n{b: 2}", "[a]\n[b]", "[---]", "[\n---\n]", "[a\n...\n]", "[--- a]", "[&a b, *a]", "[&a , *a]", "[&a, b]", "[*a]", "{&a b: *a}", "{*a : b}",
    "[!!str 1]", "[!!str , a]", "[!!str, a]", "{!!str 1: 2}", "[! 1]", "[%a]", "[@a]", "[`a]", "[a%]", "[-1]", "[-, a]", "[- ]", "[--]", "[a -b]", "[a - b]", "[a ? b]", "[a?]", "{a?: b}", "{a: b?c}", "[a{b]", "[a[b]", "[a, ]", "[ ,a]", "[\"a\" \"b\"]", "[\"a\", 'b', c]", "[a,b:c]", "{a: 'b', \"c\": d}", "{a: 1, a: 2}",
]

DOCUMENTS = [
    "---", "--- ", "---\n", "--- a", "---a", "--- a: 1", "---\na: 1", "--- - a", "--- |\n a\n", "--- >\n a\n", "---\n---", "---\n---\na", "a\n---\nb", "a\n---", "a\n--- b", "a\n...", "a\n...\n...", "a\n...\nb", "a\n...\n---\nb", "a\n...\n# c", "...", "...\na", "...\n---\na", "--- a\n...", "---\n...", "---\n...\n...", "---\n...\n---",
    "# c\n---\na", "\n\n---\na", " ---\na", "a: ---", "a:\n---\nb", "- a\n---\n- b", "'a\n---\nb'", "\"a\n...\nb\"", "a\n---b", "a\n....", "|\n a\n---\n", "|\n a\n...\n", "[a\n---\n]", "%YAML 1.1\n---\na", "%YAML 1.2\n---\na", "%YAML 1.10\n---\na", "%YAML 1\n---\na", "%YAML 2.0\n---\na", "%YAML 01.1\n---\na", "%YAML 1.1.1\n---\na", "%YAML a\n---\na", "%YAML\n---\na", "%YAML 1.1 # c\n---\na", "%YAML 1.1 x\n---\na", "%YAML 1.1", "%YAML 1.1\na", "%YAML 1.1\n%YAML 1.1\n---\na",
    "%FOO\n---\na", "%FOO bar baz\n---\na", "%FOO: x\n---\na", "%\n---\na", "% YAML 1.1\n---\na", " %YAML 1.1\n---\na", "a\n%YAML 1.1\n---\nb", "a\n...\n%YAML 1.1\n---\nb", "a: 1\n%YAML 1.1\n", "%TAG ! tag:yaml.org,2002:\n---\n!int '1'", "%TAG !e! tag:yaml.org,2002:\n---\n!e!int '1'", "%TAG !! tag:yaml.org,2002:i\n---\n!!nt '1'", "%TAG !e! tag:x,1:\n---\n!e!int '1'", "%TAG !e! a\n%TAG !e! b\n---\na", "%TAG !e a\n---\na", "%TAG e! a\n---\na", "%TAG !e! \n---\na", "%TAG !e!\n---\na", "%TAG !e!  %41\n---\n!e!x a", "%TAG ! !x\n---\n!a b", "%TAG !e! a b\n---\na", "%TAG !e! tag:yaml.org,2002:\n---\n!f!int '1'",
]

TAGGED = [
    "!!str", "!!null", "!!int", "!!seq", "!!map", "!!set", "!!str a", "!!str 1", "!!str yes", "!!str ~", "!!str [a]", "!!str {a: b}", "!!seq [a]", "!!seq {a: b}", "!!seq a", "!!map {a: b}", "!!map [a]", "!!map a", "!!set {a, b}", "!!set {a: 1, b: 2}", "!!set [a]", "!!set a", "!!set\n? a\n? b", "!!set\n? a\n? a", "!!set {1, 1.0, true}", "!!set {[a]}", "!!set {<<: {a: 1}, b}",
    "!!omap [a: 1, b: 2]", "!!omap [a: 1, a: 2]", "!!omap\n- a: 1\n- b: 2", "!!omap {a: 1}", "!!omap [a]", "!!omap [{a: 1, b: 2}]", "!!omap [{}]", "!!omap []", "!!omap [[a]: 1]", "!!omap [<<: {a: 1}]", "!!omap a", "!!pairs [a: 1, a: 2]", "!!pairs {a: 1}", "!!pairs [a]", "!!pairs []", "!!pairs [=: 1]",
    "! a", "! 1", "! '1'", "! \"1\"", "! [a]", "! {a: b}", "!", "! ''", "! |\n  12\n", "! |-\n  yes\n", "! |\n  yes\n", "! |\n  2001-01-01\n", "! |\n  1.5\n", "! |\n  .inf\n", "! |\n  0\n", "! |\n  ~\n", "! \"\\n\"", "! '<<'", "! '='", "!<!> 1", "!<!> '1'", "!<tag:yaml.org,2002:int> '1'", "!<int> 1", "!<> 1", "!<tag:yaml.org,2002:int 1", "!< 1", "!<tag:yaml.org,2002:int>1", "!a b", "!a", "!a [b]", "!a {b: c}", "!a!b c", "!!a b", "!!", "!! a", "!!!a b", "!!str,", "[!!str, a]", "!!str\ta", "!\ta", "!!s%74r 1", "!!s%7 1", "!!%C3%A9 1", "!!%FF 1", "!!str% a", "!!python/object:os.system a", "!!python/name:os.system", "!!python/tuple [a]", "!!merge a", "!!value a", "!!yaml a", "!!merge <<: {a: 1}", "{!!merge x: {a: 1}, b: 2}", "!!str &a b", "&a !!str b", "!!str !!int 1", "&a &b c", "!!str &a", "&a !!str", "a: !!str\nb: 1", "- !!str\n- !!int 1", "!!str\na", "!!map\na: b", "!!seq\n- a", "&a\nb: c", "&a\n- b", "a: &a\n  b: c", "a: &a b: c", "a: !!map\n  b: c", "a: !!map b: c", "a: &a\n- b", "a: &a - b", "- &a - b", "- !!seq\n  - a", "!!str 'a'", "!!int 'a'", "!!str |\n  a\n", "!!binary |\n  aGVs\n  bG8=\n", "!!timestamp 'x'", "!!timestamp [a]", "!!timestamp {=: 2001-01-01}", "!!int {=: '5'}", "!!int {a: 1, =: 7}", "!!str {=: [a]}", "!!int {=: {=: '6'}}", "!!int {a: 1}", "!!float {=: '1.5'}", "!!str {'=': a}", "!!bool {=: yes}", "!!null {=: x}", "!!null {a: x}", "!!null [a]", "!!binary {=: aGk=}",
    "! '*'", "! \"&\"", "! '!'", "! |\n  *\n", "! '**'", "[! '*']",
]

ANCHORS = [
    "a: &x 1\nb: *x", "a: *x", "a: *x\nb: &x 1", "a: &x 1\nb: &x 2", "a: &x\nb: *x", "&x a", "*x", "&x *x", "&x [*x]", "&x {a: *x}", "a: &x [1]\nb: *x\nc: [*x, *x]", "a: &x-y_1 1\nb: *x-y_1", "a: &x.y 1", "a: &x: 1", "a: & 1", "a: * 1", "a: &x, 1", "[&x a, *x]", "[&x a, *x ]", "{&x a: 1, b: *x}", "a: *x y", "- &x a\n- *x b", "a: &x 'q'\nb: *x", "a: &x |\n  t\nb: *x", "a: &x !!int '1'\nb: *x", "- &x\n- *x", "&x a: 1\nb: *x", "a: &x 1\n*x : b", "a: &\u00e9 1", "a: &x\u00e9 1", "a: &x] 1", "a: &x? 1", "a: &x@ 1", "a: &x\t1", "a: *x,", "a: &x 1\nb: *x, c", "a: &1 1\nb: *1", "- &a a\n- &b b\n- [*a, *b, *a]", "a: &x {k: &y 1}\nb: *y\nc: *x", "a: &x 1\n---\nb: *x",
]

MERGES = [
    "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", "a: &x {p: 1, q: 2}\nb: {q: 3, <<: *x}", "a: &x {p: 1}\nb: &y {p: 2, q: 3}\nc: {<<: [*x, *y]}", "a: &x {p: 1}\nb: &y {p: 2, q: 3}\nc: {<<: [*y, *x]}", "<<: {a: 1}", "<<: {a: 1}\na: 2", "a: 2\n<<: {a: 1}", "<<: [{a: 1}, {a: 2, b: 3}]", "<<: []", "<<: {}", "<<: a", "<<: 1", "<<:", "<<: [a]", "<<: [[{a: 1}]]", "<<: {a: 1}\n<<: {a: 2, b: 3}", "'<<': {a: 1}", "a: <<", "- <<", "<<", "? <<\n: {a: 1}", "<<: {<<: {a: 1}, b: 2}\nc: 3", "<<: !!set {a, b}", "<<: !custom {a: 1}", "<<: !!omap [a: 1]", "<<: !!seq [{a: 1}]", "a: &x {<<: {b: 1}}\nc: {<<: *x}\nd: *x", "<<: {a: 1, a: 2}", "<<: {[a]: 1}", "<<: {=: 1}", "a: &x {<<: *x}", "<<: ~", "<<: 'a'", "a: {<<: {b: {<<: {c: 1}}}}", "a: &x {p: 1}\nb:\n  <<: *x\n  r: 2\nc:\n  <<: [*x]\n  p: 9", "!!map\n<<: {a: 1}", "<<: {a: !bad 1}", "<<: {1: a}\ntrue: b", "&m <<: {a: 1}\nb: *m", "{<<: {a: 1}}", "[<<: {a: 1}]", "<< : {a: 1}", "<<: &x {a: 1}\nb: *x",
]

KEYS = [
    "a: 1\na: 2", "a: 1\nb: 2\na: 3", "1: a\n1: b", "1: a\n1.0: b", "1: a\ntrue: b", "true: a\n1: b", "0: a\nfalse: b\n0.0: c\n-0.0: d", "1: a\n'1': b", "~: a\nnull: b\n: c", ".nan: a\n.nan: b", ".inf: a\n.INF: b", "2001-01-01: a\n2001-01-01: b", "2001-01-01: a\n2001-01-01T00:00:00: b", "2001-01-01T00:00:00Z: a\n2001-01-01T01:00:00+01:00: b", "2001-01-01T00:00:00Z: a\n2001-01-01T00:00:00: b", "2000-12-31T23:30:00-01:00: a\n2001-01-01T00:30:00Z: b", "0001-01-01T00:00:00+01:00: a\n9999-12-31T23:59:59-01:00: b", "!!binary aGk=: a\nhi: b", "!!binary aGk=: a\n!!binary 'aGk': b", "9223372036854775808: a\n9223372036854775808.0: b", "9007199254740993: a\n9007199254740993.0: b", "1e3: a\n1000: b", "1.0e+3: a\n1000: b", "0x10: a\n16: b", "[a]: b", "{a: 1}: b", "? [a]\n: b", "? {a: b}\n: c", "? - a\n: b", "!!set {a}: b", "? !!set {a}\n: b", "? !!omap [a: 1]\n: b", "? !!str {=: k}\n: v", "? []\n: b", "=: a", "=: a\n'=': b", "yes: 1\nno: 2", "on: 1\noff: 2", "1.5: a", "123456789012345678901234567890: a", "null: a", ": a", "'': a", "? |\n  a\n: b", "? a\n  b\n: c", "a: {b: 1, b: 2}", "- a: 1\n  a: 2", "{a: 1, a: 2, a: 3}", "a: 1\n? a\n: 2", "1:30: a\n90: b", "é: 1", "😀: 1", "a b: 1", "a: 1\na : 2", "\"a\": 1\na: 2",
]

QUOTED = [
    "''", "\"\"", "'a'", "\"a\"", "'it''s'", "''''", "''''''", "'a' ", "'a", "\"a", "'a'b", "'a''", "\"a\"\"b\"", "'\\n'", "\"\\n\"", "\"\\\"\"", "\"\\\\\"", "\"\\/\"", "\"\\0\"", "\"\\a\\b\\t\\n\\v\\f\\r\\e\"", "\"\\ \"", "\"\\N\\_\\L\\P\"", "\"\\\t\"", "\"\\x41\"", "\"\\x4\"", "\"\\xZZ\"", "\"\\u0041\"", "\"\\u004\"", "\"\\u263A\"", "\"\\U0001F600\"", "\"\\U00110000\"", "\"\\UFFFFFFFF\"", "\"\\U0010FFFF\"", "\"\\ud800\"", "\"\\ud83d\\ude00\"", "\"\\udc00\"", "\"\\uFFFE\"", "\"\\x00\"", "\"\\x7f\"", "\"\\q\"", "\"\\'\"", "\"\\", "\"\\\"", "\"\\x", "\"\\u12", "\"\\1\"", "\"\\X41\"", "\"\\s\"",
    "'a\nb'", "'a\n\nb'", "'a\n\n\nb'", "'a \n b'", "'a\n  b'", "'a\n\tb'", "'a\t\nb'", "' a'", "'a '", "'\na'", "'a\n'", "'\n'", "'\n\n'", "' \n '", "\"a\nb\"", "\"a\n\nb\"", "\"a\\\nb\"", "\"a\\\n  b\"", "\"a \\\n b\"", "\"a\\\n\nb\"", "\"a\\\n\\ b\"", "\"a\\  \nb\"", "\"\\\n\"", "\"a\n\\nb\"", "\"a\\\r\nb\"", "\"\n---\n\"", "'\n...\n'", "\" --- \"", "'a\n---b'", "\"a # b\"", "'a: b'", "'[a]'", "'a'\n", "'a' # c", "'a'#c", "\"a\u2028b\"", "\"a\u2029 b\"", "\"a\u0085b\"", "\"a\n\u2028b\"", "\"a\\\u2028b\"", "\"\ufeff\"", "\"\u00a0\"", "'a'\n'b'", "\"a\" \"b\"", "'\t'", "\"\t\"", "'a\\'", "'\\''",
]

BYTES = {
    "bom": b"\xef\xbb\xbfa: 1", "bom_only": b"\xef\xbb\xbf", "bom_twice": b"\xef\xbb\xbf\xef\xbb\xbfa: 1", "bom_inside": b"a: \xef\xbb\xbf1", "bom_line": b"a: 1\n\xef\xbb\xbfb: 2", "bom_key": b"- a\n\xef\xbb\xbf- b", "bom_indent": b"a:\n \xef\xbb\xbf b: 1\n  c: 2",
    "utf16_le_bom": "\ufeffa: 1".encode("utf-16-le"), "utf16_be_bom": "\ufeffa: 1".encode("utf-16-be"), "utf16_le": "a: 1".encode("utf-16-le"), "utf32_le_bom": "\ufeffa: 1".encode("utf-32-le"), "utf32_be_bom": "\ufeffa: 1".encode("utf-32-be"),
    "latin1": b"a: \xe9", "overlong": b"a: \xc0\x80", "overlong_3": b"a: \xe0\x80\x80", "overlong_4": b"a: \xf0\x80\x80\x80", "surrogate": b"a: \xed\xa0\x80", "beyond": b"a: \xf4\x90\x80\x80", "f5": b"a: \xf5\x80\x80\x80", "truncated_2": b"a: \xc3", "truncated_3": b"a: \xe2\x82", "truncated_4": b"a: \xf0\x9f\x98", "lone_continuation": b"a: \x80", "bad_continuation": b"a: \xe2\x28\xa1", "bad_in_comment": b"a: 1 # \xff", "bad_after_end": b"a: 1\n...\n\xff",
    "nul": b"a: \x00", "nul_end": b"a: 1\n\x00", "bell": b"a: \x07", "escape": b"a: \x1b", "delete": b"a: \x7f", "c1": "a: \x80".encode(), "c1_9f": "a: \x9f".encode(), "control_in_comment": b"a: 1 #\x01", "control_in_quotes": b"a: '\x01'", "form_feed": b"a: 1\x0cb: 2", "vertical_tab": b"a: \x0b", "fffe": "a: \ufffe".encode(), "ffff": "a: \uffff".encode(), "fffd": "a: \ufffd".encode(), "private": "a: \ue000".encode(), "d7ff": "a: \ud7ff".encode(), "astral": "a: \U0001f600".encode(), "astral_fffe": "a: \U0001fffe".encode(), "last": "a: \U0010ffff".encode(), "nbsp": "a: \u00a0b".encode(), "nbsp_indent": "a:\n\u00a0b: 1".encode(), "nbsp_line": "a: b\n\u00a0c".encode(), "ideographic_space": "a:\u3000b".encode(), "zero_width": "a: \u200bb".encode(),
    "cr": b"a: 1\rb: 2", "crlf": b"a: 1\r\nb: 2\r\n", "cr_cr": b"a: x\r\ry", "crlf_in_plain": b"a: x\r\n y", "crlf_in_quotes": b"a: 'x\r\n\r\ny'", "crlf_in_block": b"a: |\r\n  x\r\n  y\r\n", "cr_in_block": b"a: |\r  x\r  y\r", "nel": "a: 1\u0085b: 2".encode(), "nel_in_plain": "a: x\u0085 y".encode(), "nel_in_block": "a: |\n  x\u0085  y\u0085".encode(), "ls": "a: 1\u2028b: 2".encode(), "ps": "a: 1\u2029b: 2".encode(), "ls_in_plain": "a: x\u2028 y".encode(), "ls_ls_in_plain": "a: x\u2028\u2028 y".encode(), "ls_lf_in_plain": "a: x\u2028\n y".encode(), "lf_ls_in_plain": "a: x\n\u2028 y".encode(), "ls_in_literal": "a: |\n  x\u2028  y\u2028".encode(), "ls_in_folded": "a: >\n  x\u2028  y\n  z\u2029".encode(), "ls_in_comment": "a: 1 # c\u2028b: 2".encode(), "ls_before_separator": "a\u2028---\u2028b".encode(), "ls_header": "a: |\u2028  b\n".encode(), "no_final_break": b"a: 1", "no_final_break_block": b"a: |\n  b",
}

LIMITS = {
    "depth_65": "[" * 65 + "]" * 65, "depth_64": "[" * 64 + "]" * 64, "depth_65_block": "- " * 65 + "a", "depth_64_block": "- " * 64 + "a", "depth_alias": "- &a %sx%s\n- %s*a %s" % ("[" * 40, "]" * 40, "[" * 40, "]" * 40),
    "aliases_100": "- &a x\n" + "- *a\n" * 100, "aliases_101": "- &a x\n" + "- *a\n" * 101, "explicit_key_1024": "? %s\n: v" % ("k" * 1024), "explicit_key_1025": "? %s\n: v" % ("k" * 1025),
    "digits_4300": "1" * 4300, "digits_4301": "1" * 4301, "hex_long": "0x" + "f" * 3570, "hex_longer": "0x" + "f" * 3573, "digits_base_60_long": "1" + ":0" * 200, "float_base_60_long": "1" + ":0" * 170 + ".0", "float_base_60_overflow": "1" + ":0" * 175 + ".0", "yaml_version_digits": "%YAML 1." + "1" * 4301 + "\n---\na", "yaml_version_many": "%YAML 1." + "1" * 4300 + "\n---\na",
    "long_text_aliased": "a: &a %s\n" % ("x" * 2000) + "".join("%s: &%s [%s]\n" % (c, c, ",".join(["*" + p] * 9)) for p, c in zip("abcd", "bcde")),
    "long_digits_aliased": "a: &a %s\n" % ("9" * 4000) + "".join("%s: &%s [%s]\n" % (c, c, ",".join(["*" + p] * 9)) for p, c in zip("abcd", "bcde")),
    "value_key_aliased": "a: &a !!str {%s, =: x}\n" % ", ".join("k%d" % i for i in range(500)) + "".join("%s: &%s [%s]\n" % (c, c, ",".join(["*" + p] * 9)) for p, c in zip("abc", "bcd")),
    "wide_key_1000": "\u00e9" * 1000 + ": v", "wide_key_explicit_1025": "? %s\n: v" % ("\u00e9" * 1025), "tagged_key_long": "? !!str %s\n: v" % ("k" * 1024),
    "laughs": "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join("%s: &%s [%s]\n" % (c, c, ",".join(["*" + p] * 9)) for p, c in zip("abcdef", "bcdefg")),
    "unicode_digits": "!!int \u0661\u0662", "unicode_digits_float": "!!float \u0661.5", "unicode_space_int": "!!int \"\\_12\"", "plain_unicode_digits": "\u0661\u0662", "value_key_shared": "a: {&v =: 1}\nb: *v", "value_key_shared_late": "a: {&v =: 1}\nb: {c: {d: *v}}",
}


def block_scalars():
    bodies = {
        "one": "  a\n", "two": "  a\n  b\n", "blank_between": "  a\n\n  b\n", "blanks_between": "  a\n\n\n  b\n", "trailing": "  a\n\n\n", "leading": "\n\n  a\n", "leading_spaces": "    \n  a\n",
        "leading_less": " \n  a\n", "deeper": "  a\n    b\n  c\n", "deeper_first": "    a\n  b\n", "deeper_blank": "  a\n\n    b\n\n  c\n", "less": "  a\n b\n", "tab": "  a\n\tb\n", "tab_deep": "  a\n  \tb\n  c\n", "no_break": "  a",
        "empty": "", "only_blank": "\n\n", "only_spaces": "   \n", "column_0": "a\n", "one_space": " a\n", "comment": "  a\n# c\n", "comment_inside": "  a\n  # c\n", "next_key": "  a\nb: c\n", "list_like": "  - a\n  - b\n", "separator": "  a\n---\n", "end": "  a\n...\n", "spaces_line": "  a\n   \n  b\n", "trailing_spaces": "  a  \n  b\n", "colon": "  a: b\n  c: d\n",
    }
    headers = ["|", ">", "|-", ">-", "|+", ">+", "|1", "|2", ">2-", "|-2", "|+3", ">9", "|0", "|10", "|--", "|+-", "| # c", "|# c", "| x", "|2 ", "|\t", ">-\t# c", "|a"]
    for header in headers:
        chosen = bodies if header in ("|", ">", "|+", ">-", "|2") else ("one", "two", "deeper", "trailing", "empty")
        for body in chosen:
            yield "%s_%s" % (header, body), "k: %s\n%s" % (header, bodies[body])
    for body in ("one", "deeper_first", "column_0", "only_blank", "separator", "no_break"):
        yield "root_|_" + body, "|\n" + bodies[body]
        yield "item_>_" + body, "- >\n" + bodies[body]
        yield "nested_|_" + body, "a:\n  b: |\n  " + bodies[body].replace("\n", "\n  ")


def plain_folding():
    for at, text in enumerate(["a\n b", "a\n\n b", "a\n\n\n b", "a \n b", "a\n   b\n c", "a\n b\n\n c", "a\n -b", "a\n - b", "a\n 'b'", "a\n [b]", "a\n &b", "a\n #b", "a\n b #c\n d", "a\n ? b",
                               "a\n : b", "a\n :b", "a\n b:", "a\n b: c", "a\n !b", "a\n | b", "a\n ...", "a\n ---", "a\n%b", "a\n @b", "a\n ,b", "a\n\n# c\n b", "a\n\n \n b"]):
        yield "root_%d" % at, text
        yield "value_%d" % at, "k: " + text
        yield "item_%d" % at, "- " + text
        yield "flow_%d" % at, "[" + text + "]"


def indentation():
    """Every way to indent three short lines."""
    lines = ["a:", "b: 1", "- c"]
    for order in itertools.permutations(lines):
        for indents in itertools.product((0, 1, 2), repeat=3):
            if indents[0] == 0 or indents == (1, 1, 1):
                yield "%s_%s" % ("".join(o[0] for o in order), "".join(map(str, indents))), "\n".join(" " * i + line for i, line in zip(indents, order))


def token_strings():
    """Short strings over the indicators, a fixed random choice."""
    rng = random.Random(20240131)
    pieces = ["a", "b", ":", ": ", "- ", "? ", ",", "[", "]", "{", "}", "\n", "\n  ", " ", "&x ", "*x", "!!str ", "'q'", "|\n", "#"]
    seen = set()
    while len(seen) < 260:
        text = "".join(rng.choice(pieces) for _ in range(rng.randint(2, 6)))
        if text not in seen:
            seen.add(text)
            yield "%d" % len(seen), text


def numbered(texts):
    return (("%d" % at, text) for at, text in enumerate(texts))


def scalar_cases():
    for at, text in enumerate(SCALARS + SPACED):
        yield "value_%d" % at, "k: " + text
    for at, text in enumerate(SCALARS):
        if at % 3 == 0:
            yield "flow_%d" % at, "[%s]" % text
        if at % 4 == 0:
            yield "key_%d" % at, "%s: v" % text
        if at % 2 == 0 and "'" not in text:
            yield "nonspecific_%d" % at, "! '%s'" % text


def tag_value_cases():
    for tag in TAGS:
        for at, text in enumerate(TAG_VALUES):
            quoted = '"%s"' % text if "\\" in text else "'%s'" % text.replace("\n", "\n\n")
            yield "%s_%d" % (tag, at), "!!%s %s" % (tag, quoted)


def all_cases():
    groups = {
        "structure": STRUCTURE.items(), "flow": numbered(FLOW), "documents": numbered(DOCUMENTS), "tags": numbered(TAGGED), "anchors": numbered(ANCHORS), "merges": numbered(MERGES), "keys": numbered(KEYS), "quoted": numbered(QUOTED),
        "quoted_value": (("%d" % at, "k: " + text) for at, text in enumerate(QUOTED) if at % 2), "bytes": BYTES.items(), "limits": LIMITS.items(), "block": block_scalars(), "folding": plain_folding(), "indentation": indentation(), "tokens": token_strings(), "scalars": scalar_cases(), "tagged_values": tag_value_cases(),
    }
    for group, cases in groups.items():
        for name, document in cases:
            yield group, "%s/%s" % (group, name), document if isinstance(document, bytes) else document.encode("utf-8")
