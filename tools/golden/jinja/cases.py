"""Small templates that cover the language of chat templates: one construct, filter, test, method or fault each."""
import re

VARIABLES = {
    "s": "Hello World", "u": "Ünïcödé straße 日本語 😀", "e": "", "ws": "  \t pad \n ", "lines": "a\nb\r\nc\n\nd",
    "n": 42, "z": 0, "neg": -7, "f": 3.25, "big": 1e16, "small": 0.00001, "t": True, "fa": False, "no": None,
    "l": [3, 1, 2], "ls": ["b", "A", "c"], "mix": [1, "a", None, True, 2.5], "el": [],
    "d": {"b": 1, "a": {"x": [1, 2]}, "C": "z", "items": "shadow"}, "ed": {},
    "users": [{"name": "bob", "age": 30, "on": True}, {"name": "Al", "age": 25, "on": False},
              {"name": "cy", "age": 30}],
    "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo <b>"},
                 {"role": "user", "content": [{"type": "text", "text": "parts"}]}],
    "tree": [{"v": 1, "kids": [{"v": 2, "kids": []}, {"v": 3, "kids": [{"v": 4, "kids": []}]}]}],
}

PRINTING = """
{{ n }} {{ f }} {{ big }} {{ small }} {{ t }} {{ fa }} {{ no }} {{ l }} {{ mix }} {{ d }} {{ e }} {{ el }} {{ ed }}
{{ 1.0 }} {{ 1e100 }} {{ 1e-7 }} {{ 0.1 + 0.2 }} {{ 100000000000000000.0 }} {{ -0.0 }} {{ 1_000 }} {{ 0x1F }} {{ 0b11 }} {{ 0o17 }}
{{ 'it''s' }} {{ "q" 'r' }} {{ 'a\\nb' }} {{ ['a\\nb', "it's", 'say "x"', 'both \\' "'] }} {{ '\\x41\\u00e9\\U0001F600\\101' }}
{{ ('a',) }} {{ () }} {{ (1, 2) }} {{ 1, 2 }} {{ [[], {}, ()] }} {{ {1: 2, 'a': none, none: true} }} {{ {'a': 1, 'a': 2} }}
{{ u }} {{ [u] }} {{ ['\\x00\\x7f\\u200b\\ufeff'] }} {{ missing }} {{ missing is defined }} {{ [missing] }} {{ none }} {{ None }} {{ True }}
{{ range(3) }} {{ range(1, 10, 3) }} {{ range(5, 0, -2)|list }} {{ d.keys() }} {{ d.values() }} {{ d.items() }} {{ namespace(a=1) }}
{{ '\\q' }} {{ '\\é' }} {{ 'a\\
b' }} {{ 2147483648 }} {{ 9223372036854775807 }} {{ 00 }} {{ 1.5e3 }} {{ 1E5 }} {{ 12.5e-1 }}
""".strip().split("\n")

OPERATORS = """
{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 6 / 3 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 0.5 }}
{{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ 10 - 3 - 2 }} {{ 1 - -1 }} {{ +5 }} {{ - 5 }} {{ true + true }} {{ true * 3 }}
{{ 'a' + 'b' }} {{ 'ab' * 3 }} {{ 3 * 'ab' }} {{ [1] + [2] }} {{ [1, 2] * 2 }} {{ (1,) + (2,) }} {{ 'x' * 0 }} {{ 'x' * -1 }} {{ 'a' ~ 1 ~ none ~ true ~ missing }}
{{ 1 == 1.0 }} {{ 1 == true }} {{ 'a' == 'a' }} {{ 'a' != 'b' }} {{ [1] == [1.0] }} {{ (1,) == [1] }} {{ {'a': 1} == {'a': 1} }} {{ none == none }} {{ missing == other }}
{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 3 > 2 >= 2 }} {{ 'a' < 'b' }} {{ 'a' < 'B' }} {{ [1, 2] < [1, 3] }} {{ 1 < 1.5 }} {{ 1 == 1 == 1 }} {{ 1 in [1] == true }}
{{ 1 in [1, 2] }} {{ 3 not in [1, 2] }} {{ 'ell' in s }} {{ 'b' in d }} {{ 'x' in d }} {{ 1 in range(3) }} {{ 2.0 in [1, 2] }} {{ none in [none] }} {{ 'a' in missing }}
{{ true and 0 }} {{ 'a' and 'b' }} {{ '' or 'x' }} {{ none or false }} {{ not 1 }} {{ not not 1 }} {{ not 1 == 2 }} {{ 1 if true }} {{ 1 if false }} {{ 1 if z else 2 }} {{ 1 if z else 2 if n else 3 }}
{{ ('%s' % 'x') }} {{ '%s %d' % ('x', 3) }} {{ '%(a)s' % {'a': 1} }} {{ '%5.2f|%-5d|%05d|%+d|%x|%o|%e|%g|%%|%c|%r' % (3.14159, 42, 42, 42, 255, 8, 12345.678, 0.0001, 'z', 'q') }} {{ '%s' % (1,) }} {{ '%s' % [1, 2] }}
{{ '%*d' % (5, 42) }} {{ '%.3s' % 'abcdef' }} {{ '%#x %#o %X' % (255, 8, 255) }} {{ '% d' % 5 }} {{ '%i %u' % (1.9, 2) }} {{ '%.0f %.1f' % (2.5, 0.25) }} {{ '%5s|%-5s|' % ('é', 'é') }}
{{ 'abc'[0] }} {{ 'abc'[-1] }} {{ u[2] }} {{ u[-1] }} {{ l[0] }} {{ l[-1] }} {{ l[5] }} {{ 'abc'[9] }} {{ d['b'] }} {{ d.b }} {{ d['zz'] }} {{ d.a.x[1] }} {{ l.0 }} {{ d['a'].x.0 }}
{{ s[1:4] }} {{ s[:3] }} {{ s[-3:] }} {{ s[::-1] }} {{ s[::2] }} {{ s[8:2:-2] }} {{ l[1:] }} {{ l[::-1] }} {{ l[-2:] }} {{ s[100:] }} {{ u[3:7] }} {{ u[::-1] }} {{ (1,2,3)[1:] }} {{ range(10)[2:8:2] }} {{ s[none:2] }} {{ s[2:-2] }} {{ range(5)[::-1]|list }}
{{ 1.0 == 1 }} {{ 9007199254740993 == 9007199254740992.0 }} {{ 2 ** 62 }} {{ 10 ** 18 }} {{ 5 // 0.3 }} {{ 1e308 * 10 }} {{ -1e308 * 10 }} {{ 0 ** 0 }} {{ 4 ** 0.5 }} {{ 1 / 3 }} {{ 2 / 3.0 }}
{{ d.get('b') }} {{ d.get('q') }} {{ d.get('q', 5) }} {{ d['items'] }} {{ ed.items()|list }} {{ d.copy() }} {{ d.keys()|list }} {{ d.values()|list }}
""".strip().split("\n")

STATEMENTS = """
{% for x in l %}{{ x }}{% endfor %}|{% for x in el %}x{% else %}none{% endfor %}|{% for x in l if x > 1 %}{{ x }}{{ loop.index }}{{ loop.length }}{% endfor %}
{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }};{% endfor %}
{% for x in l %}{{ loop.previtem }}-{{ x }}-{{ loop.nextitem }}{{ loop.cycle('a', 'b') }}{{ loop.changed(x > 1) }};{% endfor %}
{% for x in l %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }}{% endfor %} {% for a in [1,1,2] %}{{ loop.changed(a) }}{% endfor %}
{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %} {% for k in d %}{{ k }}{% endfor %} {% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %} {% for c in 'aé😀' %}[{{ c }}]{% endfor %}
{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %} {% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% else %}E{% endfor %} {% for x in [] %}{% else %}E{% endfor %}
{% for x in l %}{% continue %}{% else %}E{% endfor %} {% for x in l %}{% break %}{% else %}E{% endfor %} {% set g = 5|unique %}{% set g = 5|map %}{% set g = 5|select('nope') %}ok
{% for n1 in tree recursive %}{{ n1.v }}{% if n1.kids %}({{ loop(n1.kids) }}){% endif %}{{ loop.depth }}{% endfor %}
{% for x in l %}{% for y in ls %}{{ loop.index }}{{ x }}{{ y }}{% endfor %}{{ loop.index }}{% endfor %} {% for x in l %}{% set outer = loop %}{% for y in ls %}{{ outer.index }}{% endfor %}{% endfor %}
{% if n > 40 %}a{% elif n %}b{% else %}c{% endif %} {% if z %}a{% elif el %}b{% else %}c{% endif %} {% if missing %}a{% endif %} {% if missing is not defined and not t %}a{% else %}b{% endif %}
{% set x = 1 %}{{ x }}{% set x, y = 2, 3 %}{{ x }}{{ y }}{% set (p, q) = 'ab' %}{{ p }}{{ q }}{% set z2 %}in{{ x }}{% endset %}[{{ z2 }}]{% set z3 | upper | replace('I', 'O') %}in{% endset %}{{ z3 }}
{% set x = 1 %}{% for i in l %}{{ x }}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }} {% if t %}{% set w = 5 %}{% endif %}{{ w }}
{% set ns = namespace(a=1, b='q') %}{% for i in l %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c }} {% set ns2 = namespace({'k': 1}, j=2) %}{{ ns2.k }}{{ ns2.j }}{% set ns2.new = 3 %}{{ ns2.new }}
{% macro m(a, b=2, c=a) %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(b=5, a=4) }}{{ m() }}{{ m(1, c=9) }}{{ m.name }}{{ m.arguments }}
{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }} {% macro c(x) %}<{{ caller(x) }}>{% endmacro %}{% call(y) c(5) %}got {{ y }}{% endcall %} {% call c(1) %}plain{% endcall %}
{% macro c() %}<{{ caller() }}>{% endmacro %}{% call c() %}body {{ n }}{% endcall %}{% macro o() %}{{ x }}{% endmacro %}{% set x = 7 %}{{ o() }} {% macro r(i) %}{{ i }}{% if i %}{{ r(i - 1) }}{% endif %}{% endmacro %}{{ r(3) }}
{% macro m(a) %}{% if caller is defined %}{{ caller() }}{% else %}none{% endif %}{% endmacro %}{{ m(1) }}{% macro k(x, caller=none) %}{{ caller }}{% endmacro %}{{ k(1) }}
{% filter upper %}abc {{ s }}{% endfilter %} {% filter replace('a', 'b') | upper %}aXa{% endfilter %} {% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }} {% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q }}
{% with a = 1 %}{% with b = a + 1 %}{{ b }}{% endwith %}{% endwith %} {% print 1, 'a' %} {% autoescape false %}{{ '<' }}{% endautoescape %} {% block one %}B{{ n }}{% endblock %}
{% set x = 5 %}{% block b1 %}{{ x }}{% set x = 6 %}{{ x }}{% endblock %}{{ x }} {% for i in [1] %}{% block b2 %}{{ i }}{% endblock %}{% block b3 scoped %}{{ i }}{% endblock b3 %}{% endfor %}
{% raw %}{{ not }} {% if %}{% endraw %} a{# comment #}b {#- strip -#} c {%- raw -%} {{ r }} {%- endraw -%} d
{% set cyc = cycler('a', 'b') %}{{ cyc.next() }}{{ cyc.current }}{{ cyc.next() }}{{ cyc.next() }}{% set j = joiner(', ') %}{{ j() }}a{{ j() }}b{{ j() }}c {{ dict(a=1, b=2) }} {{ dict([('x', 1)]) }} {{ dict({'k': 1}, z=2) }}
{% set messages = messages[1:] %}{{ messages|length }}{% for m in messages %}{{ m.role }}{{ m['content'] is string }}{% endfor %} {% set ls2 = ls + ['z'] %}{{ ls2 }}
{{ strftime_now('%Y-%m-%d %H:%M:%S') }} {{ strftime_now('%d %b %Y') }} {{ strftime_now('%A %B %-d %j %U %w %y %I %p %%') }} {{ strftime_now('') }} {{ strftime_now('%f|%z|%Z|%q|%') }}
{% for x in l|sort if x != 2 %}{{ loop.last }}{{ loop.nextitem }}{% endfor %} {% for x in l|map('string') %}{{ loop.length }}{{ x }}{% endfor %} {% for x in missing %}a{% else %}none{% endfor %}
{% set x %}{{ x }}{% endset %}[{{ x }}] {% set s %}{{ s }}{% endset %}[{{ s }}] {% macro n() %}{{ n }}{% endmacro %}{{ n() }}
{% if 1 %}{% set v1 = 1 %}{% else %}{% set v2 = 2 %}{% endif %}{{ v1 }}{{ v2 }} {% for i in [1, 2] %}{% if loop.first %}{% set f1 = i %}{% endif %}{{ f1 }}{% endfor %}
{% generation %}gen {{ n }}{% endgeneration %} {% for m in messages[:2] %}{{ m.role }}:{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% endif %}{% endfor %}
{% set x = 1 %}{% generation %}{% set x = 2 %}{{ x }}{% endgeneration %}{{ x }}{% for i in l %}{% generation %}{{ loop.index }}{{ i }}{% endgeneration %}{% endfor %}
""".strip().split("\n")

WHITESPACE = [
    "  {% if t %}\n    a\n  {% endif %}\n  b\n", "a\n  {%- if t -%}\n  x\n  {%- endif -%}\n  b", "a  {%+ if t %} x {% endif %}",
    "  {{ n }}  \n  {{- n -}}  \n x", "{% for i in l %}\n  {{ i }}\n{% endfor %}\nend\n\n", "a {# c #}\n b", "a\n   {# c #}\nb",
    "a\n   {#- c -#}\n  b", "a {%+ set x = 1 +%}\nb", "x\n\t {% set a = 1 %}  \n y", "{%- set a = 1 %}\n\nb", "\n{% if t %}\n\n{% endif %}\n",
    "a\r\nb\r{{ n }}\r\n", "  {% raw %}\n {{ x }} \n  {% endraw %}\n b", "a{%- raw %}  x  {% endraw -%}  b", "{{ '{{' }} {{ '%}' }}", "{ { a } } {% if t %}{ {% endif %}",
    "{{ {'a': {'b': 1}}['a']['b'] }}", "{{ n}}}", "a{{- ' x ' -}}b", "{%if t%}a{%endif%}", "{{n}}{{-n}}{{n-}} {{n}}", "{{ n -}}\n\n{{ n }}", "{#\n multi\n#}\nx", "{% if t -%}   a   {%- else %} b {% endif %}",
    "  {%- macro m() %}\n  body\n  {% endmacro -%}\n  {{ m() }}", "text {%- if t %} {%- endif %} more", "\n", "\n\n", "", "{{ 'a' }}\n", "{% set x %}\n a\n{% endset %}[{{ x }}]",
    "a {% raw %}b{% endraw +%}\nc", "{{ 1 }}{#+ x +#}\n{{ 2 }}", "\u00a0{%- if t %}\u2003x{% endif -%}\u2003y", "a\u2028{% if t %}b{% endif %}",
]

FILTERS = """
{{ s|upper }} {{ s|lower }} {{ s|capitalize }} {{ 'hello wORLD-foo (bar) x_y'|title }} {{ s|length }} {{ u|length }} {{ u|upper }} {{ u|lower }} {{ ws|trim }}| {{ 'xxaxx'|trim('x') }} {{ n|string + 'a' }} {{ s|reverse }} {{ u|reverse }} {{ l|reverse|list }}
{{ missing|default('d') }} {{ missing|d('d') }} {{ e|default('d') }}| {{ e|default('d', true) }} {{ no|default('d', boolean=true) }} {{ missing|default }}| {{ no|default('x') }} {{ 0|default(1, true) }}
{{ ls|join }} {{ ls|join(', ') }} {{ mix|join('|') }} {{ users|join(',', attribute='name') }} {{ d|join('-') }} {{ s|join('.') }} {{ el|join(',') }}| {{ l|join(1) }} {{ [1, missing, none]|join(',') }}
{{ s|replace('o', '0') }} {{ s|replace('o', '0', 1) }} {{ 'aaa'|replace('', '-') }} {{ n|replace(4, 5) }} {{ 'aaa'|replace('a', 'b', 0) }} {{ 'ab'|replace('b', none) }}
{{ l|first }} {{ l|last }} {{ s|first }} {{ u|last }} {{ el|first }}| {{ el|last }}| {{ d|first }} {{ d|last }} {{ range(3)|last }} {{ (1, 2)|first }} {{ d.items()|first }}
{{ l|sort }} {{ ls|sort }} {{ ls|sort(case_sensitive=true) }} {{ l|sort(reverse=true) }} {{ users|sort(attribute='age')|map(attribute='name')|list }} {{ users|sort(attribute='age,name')|map(attribute='name')|join }} {{ s|sort }} {{ d|sort }} {{ users|sort(true, attribute='name')|map(attribute='age')|list }}
{{ ['b','a','B','b']|unique|list }} {{ ['b','a','B','b']|unique(true)|list }} {{ users|unique(attribute='age')|map(attribute='name')|list }} {{ [1, 1.0, true, 2]|unique|list }} {{ el|unique|list }}
{{ l|map('string')|list }} {{ ls|map('upper')|join }} {{ users|map(attribute='age')|sum }} {{ users|map(attribute='on', default='?')|list }} {{ users|map(attribute='on')|list }} {{ [[1,2],[3]]|map('first')|list }} {{ ls|map('replace', 'b', 'x')|list }} {{ [{'a':{'b':1}}]|map(attribute='a.b')|list }} {{ [[1,2]]|map(attribute=1)|list }} {{ [[1,2]]|map(attribute='1')|list }}
{{ l|select('odd')|list }} {{ l|select('gt', 1)|list }} {{ mix|select|list }} {{ l|reject('odd')|list }} {{ mix|reject|list }} {{ users|selectattr('on')|map(attribute='name')|list }} {{ users|selectattr('age', 'eq', 30)|list|length }} {{ users|rejectattr('on')|map(attribute='name')|list }} {{ users|selectattr('on', 'undefined')|list }} {{ mix|select('string')|list }} {{ users|selectattr('name', 'in', ['bob'])|list }}
{% for g in users|groupby('age') %}{{ g.grouper }}:{{ g.list|length }};{% endfor %} {% for k, v in users|groupby('age') %}{{ k }}={{ v|map(attribute='name')|join(',') }};{% endfor %} {{ [{'a': 'x'}, {'a': 'X'}, {}]|groupby('a', default='none')|list }} {{ users|groupby('age')|first }}
{{ d|items|list }} {{ missing|items|list }} {{ ed|items|list }} {{ d|dictsort }} {{ d|dictsort(true) }} {{ {'a': 3, 'b': 1}|dictsort(by='value') }} {{ {'a': 3, 'b': 1}|dictsort(false, 'key', true) }} {{ d|list }} {{ d|length }} {{ s|list }} {{ d|count }}
{{ '42'|int }} {{ '42.7'|int }} {{ 'x'|int }} {{ 'x'|int(5) }} {{ '0x1f'|int(base=16) }} {{ 'ff'|int(0, 16) }} {{ 3.9|int }} {{ -3.9|int }} {{ true|int }} {{ no|int }} {{ ' 42 '|int }} {{ '1_000'|int }} {{ '0b11'|int(base=2) }} {{ l|int(9) }} {{ '-5'|int }} {{ '1e3'|int }} {{ 'nan'|int(3) }}
{{ '1.5'|float }} {{ 'x'|float }} {{ 'x'|float(2.5) }} {{ 3|float }} {{ '1e3'|float }} {{ 'inf'|float }} {{ true|float }} {{ ' 2 '|float }} {{ no|float }} {{ '-inf'|float }} {{ 'nan'|float }} {{ '1_0'|float }}
{{ -5|abs }} {{ (-5)|abs }} {{ neg|abs }} {{ -2.5|abs }} {{ 2.5|round }} {{ 3.5|round }} {{ 2.567|round(2) }} {{ 2.567|round(1, 'floor') }} {{ 2.51|round(1, 'ceil') }} {{ 42|round }} {{ 1234|round(-2) }} {{ 42.55|round(1) }} {{ 1250.0|round(-2) }} {{ 0.5|round }} {{ 5|round(method='ceil') }} {{ 2.675|round(2) }} {{ -2.5|round }} {{ 15|round(-1) }} {{ 25|round(-1) }}
{{ l|min }} {{ l|max }} {{ ls|min }} {{ ls|max }} {{ ls|min(case_sensitive=true) }} {{ users|max(attribute='age') }} {{ el|min }}| {{ l|sum }} {{ users|sum(attribute='age') }} {{ l|sum(start=10) }} {{ [[1],[2]]|sum(start=[]) }} {{ [0.1]*3|sum }} {{ el|sum }} {{ s|max }}
{{ l|batch(2)|list }} {{ l|batch(2, 'x')|list }} {{ range(7)|batch(3)|list }} {{ l|slice(2)|list }} {{ range(7)|slice(3)|list }} {{ range(7)|slice(3, 'x')|list }} {{ el|batch(2)|list }} {{ el|slice(2)|list }}
{{ lines|indent }} {{ lines|indent(2) }} {{ lines|indent(2, true) }} {{ lines|indent(2, blank=true) }} {{ lines|indent('>') }} {{ lines|indent(2, true, true) }} {{ ''|indent }}| {{ 'a'|indent(width=3, first=true) }}
{{ 'foo bar baz qux'|truncate(9) }} {{ 'foo bar baz qux'|truncate(9, true) }} {{ 'foo bar baz qux'|truncate(11) }} {{ 'foo bar baz qux'|truncate(11, false, '...', 0) }} {{ 'foobar'|truncate(3, true, '', 0) }} {{ 'abcdefghij'|truncate(5, end='…', leeway=0) }} {{ l|truncate(5) }}
{{ s|wordcount }} {{ 'a-b c_d é1 !'|wordcount }} {{ 'hello world foo bar'|wordwrap(10) }} {{ 'averyveryverylongword x'|wordwrap(5) }} {{ 'averyverylongword x'|wordwrap(5, false) }} {{ 'a b c d'|wordwrap(3, wrapstring='|') }} {{ 'well-known half-baked a-b'|wordwrap(6) }} {{ 'well-known'|wordwrap(6, break_on_hyphens=false) }} {{ 'a\\n\\nb c'|wordwrap(3) }} {{ '2025 January'|wordwrap(5) }} {{ 'one -- two--three'|wordwrap(5) }}
{{ 'x'|center(7) }}| {{ 'xy'|center(7) }}| {{ 'abc'|center(2) }} {{ '%s-%s'|format('a', 1) }} {{ '%(a)s'|format(a=3) }} {{ '%s'|format(l) }} {{ 'x'|format }}
{{ d|tojson }} {{ mix|tojson }} {{ u|tojson }} {{ u|tojson(ensure_ascii=true) }} {{ '<a&\\'"\\\\\\n\\t\\x01\\x7f>'|tojson }} {{ d|tojson(indent=2) }} {{ l|tojson(separators=(',', ':')) }} {{ d|tojson(sort_keys=true) }} {{ (1, 2)|tojson }} {{ {1: 2, true: 3, none: 4, 1.5: 6}|tojson }} {{ big|tojson }} {{ el|tojson(indent=4) }} {{ [[], {}, [1]]|tojson(indent=1) }} {{ l|tojson(indent=0) }} {{ l|tojson(indent='--') }} {{ users|tojson(none, 3) }} {{ d|tojson(indent=2, separators=(';', '=')) }} {{ missing|default([])|tojson }} {{ l|tojson(true, 1) }}
{{ '<a href="x">&\\'</a>'|escape }} {{ '<'|e }} {{ '<'|forceescape }} {{ '<b>'|safe }} {{ ('<b>'|safe) + '<i>' }} {{ ('<b>'|e) ~ '<i>' }} {{ ('<'|e)|e }} {{ ('<'|e)|forceescape }} {{ ('<b>'|safe)|upper }} {{ [('<'|e)] }} {{ ('<'|safe) is escaped }} {{ '<' is escaped }} {{ n|e }} {{ no|e }}
{{ 'a b/c?d=é&f'|urlencode }} {{ {'a b': 'c/d', 'e': 1}|urlencode }} {{ [('a', 1)]|urlencode }} {{ n|urlencode }} {{ '<p>Hello   <b>W</b></p> <!-- c --> x'|striptags }} {{ '&lt;a&gt; &amp;'|striptags }} {{ {'class': 'a', 'id': none, 'x': '<'}|xmlattr }}| {{ {'a': 1}|xmlattr(false) }}
{{ 0|filesizeformat }} {{ 1|filesizeformat }} {{ 999|filesizeformat }} {{ 1000|filesizeformat }} {{ 1024|filesizeformat(true) }} {{ 123456789|filesizeformat }} {{ 1.5e12|filesizeformat(true) }} {{ 1e27|filesizeformat }} {{ '2000'|filesizeformat }}
{{ d|attr('b') }}| {{ d|attr('items') is callable }} {{ s|attr('upper')() }} {{ l|attr('append') }}| {{ d|attr('__class__') }}| {{ s|attr('nope') is undefined }}
{{ l|length + 1 }} {{ -l|length }} {{ l|sum / l|length }} {{ 'a,b'.split(',')|map('upper')|join('-')|lower }} {{ (l|sort|first) ~ 'x' }} {{ s|upper|lower|title|length }} {{ ls|map('upper')|select('in', ['A'])|list }} {{ l|select('divisibleby', 2)|list }}
""".strip().split("\n")

TESTS = """
{{ n is defined }} {{ missing is defined }} {{ d.q is defined }} {{ d.b is defined }} {{ missing is undefined }} {{ no is none }} {{ n is not none }} {{ s is string }} {{ n is string }} {{ n is number }} {{ f is number }} {{ t is number }} {{ n is integer }} {{ t is integer }} {{ f is integer }} {{ f is float }} {{ n is float }}
{{ t is boolean }} {{ n is boolean }} {{ t is true }} {{ 1 is true }} {{ fa is false }} {{ 0 is false }} {{ d is mapping }} {{ l is mapping }} {{ l is sequence }} {{ s is sequence }} {{ d is sequence }} {{ n is sequence }} {{ l is iterable }} {{ s is iterable }} {{ n is iterable }} {{ range(3) is sequence }} {{ d.items() is sequence }} {{ d.items() is iterable }} {{ missing is iterable }} {{ missing is sequence }} {{ (l|map('upper')) is iterable }} {{ (l|map('upper')) is sequence }}
{{ s.upper is callable }} {{ n is callable }} {{ range is callable }} {{ missing is callable }} {{ namespace is callable }} {{ 3 is odd }} {{ 4 is odd }} {{ 4 is even }} {{ -3 is odd }} {{ 9 is divisibleby(3) }} {{ 9 is divisibleby 3 }} {{ 2.0 is even }} {{ t is odd }}
{{ 'abc' is lower }} {{ 'Abc' is lower }} {{ 'ABC' is upper }} {{ '12' is upper }} {{ 12 is lower }} {{ n is eq 42 }} {{ n is eq(42) }} {{ n is ne 1 }} {{ n is gt 1 }} {{ n is ge 42 }} {{ n is lt 1 }} {{ n is le 42 }} {{ n is equalto 42 }} {{ n is greaterthan 5 }} {{ n is lessthan 5 }} {{ 1 is in [1, 2] }} {{ 'a' is in 'abc' }} {{ 1 is not in [1] }} {{ no is sameas none }} {{ t is sameas true }} {{ 1 is sameas true }} {{ l is sameas l }} {{ 1.0 is sameas 1 }}
{{ 'upper' is filter }} {{ 'nope' is filter }} {{ 'odd' is test }} {{ 'nope' is test }} {{ n is not defined }} {{ not n is defined }} {{ n is defined and n > 1 }} {{ missing is defined or n }} {{ n is number and s is string }} {{ 'x' if n is even else 'y' }} {{ (n is even) ~ 'z' }} {{ n is divisibleby(2) == true }} {{ [n is even, n is odd] }}
""".strip().split("\n")

METHODS = """
{{ ws.strip() }}| {{ ws.lstrip() }}| {{ ws.rstrip() }}| {{ 'xxaxx'.strip('x') }} {{ 'abcba'.strip('ab') }} {{ 'xxa'.lstrip('x') }} {{ 'axx'.rstrip('x') }} {{ 'é a é'.strip('é') }} {{ ws.strip(none) }}|
{{ 'a,b,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ ' a  b '.split() }} {{ ' a  b c'.split(none, 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ ' a b  c '.rsplit(maxsplit=1) }} {{ 'abc'.split('x') }} {{ ''.split() }} {{ ''.split(',') }} {{ 'a</think>b'.split('</think>')[-1] }} {{ 'aXXbXXc'.split('XX', maxsplit=1) }} {{ 'aaa'.rsplit('aa') }} {{ ' x '.rsplit() }} {{ 'a b'.split(sep=' ') }}
{{ lines.splitlines() }} {{ lines.splitlines(true) }} {{ 'a\\x0bb\\x1cc\\u2028d'.splitlines() }} {{ ''.splitlines() }} {{ 'a\\n'.splitlines() }}
{{ s.startswith('He') }} {{ s.startswith(('x', 'He')) }} {{ s.endswith('ld') }} {{ s.endswith('x') }} {{ s.startswith('W', 6) }} {{ s.startswith('') }} {{ s.endswith('o', 0, 5) }} {{ s.startswith('H', 1) }} {{ s.startswith(()) }} {{ ''.startswith('', 1) }}
{{ s.upper() }} {{ s.lower() }} {{ s.title() }} {{ s.capitalize() }} {{ s.swapcase() }} {{ u.upper() }} {{ u.title() }} {{ 'ß'.casefold() }} {{ "they're".title() }} {{ 'ΑΣ'.lower() }} {{ 'ǆ'.title() }} {{ 'ﬁ'.upper() }} {{ 'İ'.lower()|length }} {{ 'ŉ'.upper() }} {{ 'ß'.capitalize() }} {{ 'ΌΔΟΣ Σ'.lower() }}
{{ s.replace('l', 'L') }} {{ s.replace('l', 'L', 1) }} {{ s.replace('', '-') }} {{ 'é'.replace('', '.') }} {{ s.replace('zz', 'q') }} {{ 'aaa'.replace('aa', 'b') }} {{ 'abc'.replace('', '-', 2) }}
{{ s.find('o') }} {{ s.rfind('o') }} {{ s.find('zz') }} {{ s.index('W') }} {{ s.rindex('l') }} {{ s.count('l') }} {{ s.count('') }} {{ u.find('😀') }} {{ s.find('o', 5) }} {{ s.find('o', -4) }} {{ s.rfind('o', 0, 5) }} {{ 'aaaa'.count('aa') }} {{ s.find('') }} {{ s.find('', 99) }} {{ 'ab'.count('', 3) }} {{ s.rfind('') }} {{ s.find('l', none, 3) }}
{{ ', '.join(ls) }} {{ ''.join([]) }}| {{ '-'.join('abc') }} {{ '-'.join({'a': 1, 'b': 2}) }} {{ ' '.join(ls|map('upper')) }}
{{ 'a=b=c'.partition('=') }} {{ 'a=b=c'.rpartition('=') }} {{ 'abc'.partition('x') }} {{ 'abc'.rpartition('x') }} {{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.txt'.removesuffix('.txt') }} {{ 'abc'.removesuffix('') }} {{ 'abc'.removeprefix('abcd') }}
{{ '5'.zfill(3) }} {{ '-5'.zfill(4) }} {{ '+5'.zfill(2) }} {{ 'a'.ljust(4) }}| {{ 'a'.rjust(4, '.') }} {{ 'a'.center(4, '*') }} {{ 'ab'.center(5, '*') }} {{ 'a\\tb'.expandtabs() }} {{ 'a\\tb'.expandtabs(4) }} {{ 'é'.center(4, 'ü') }} {{ ''.zfill(2) }} {{ 'abc'.center(6, '*') }}
{{ '12'.isdigit() }} {{ '²'.isdigit() }} {{ '½'.isnumeric() }} {{ '٣'.isdecimal() }} {{ 'ab'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' \\t'.isspace() }} {{ 'AB'.isupper() }} {{ 'ab'.islower() }} {{ 'Ab Cd'.istitle() }} {{ 'a_1'.isidentifier() }} {{ 'é'.isascii() }} {{ 'a\\n'.isprintable() }} {{ ''.isdigit() }} {{ ''.isascii() }} {{ '1a'.isidentifier() }} {{ '一'.isnumeric() }} {{ 'ⅷ'.isnumeric() }} {{ 'ǅ'.istitle() }} {{ 'aB'.istitle() }} {{ 'ª'.islower() }} {{ 'Ⅷ'.isupper() }}
{{ '{} {}'.format(1, 'a') }} {{ '{1}{0}'.format('a', 'b') }} {{ '{x}'.format(x=5) }} {{ '{:>5}|{:<5}|{:^5}|{:*^7}'.format('a', 'b', 'c', 'd') }} {{ '{:05d} {:+d} {:,} {:x} {:#b} {:o} {:X}'.format(42, 42, 1234567, 255, 5, 8, 255) }} {{ '{:.2f} {:10.3f} {:e} {:g} {:%} {:.1%}'.format(3.14159, 2.5, 12345.6, 0.0001, 0.25, 0.125) }} {{ '{{}}'.format() }} {{ '{0[a]} {0[b]}'.format({'a': 1, 'b': 2}) }} {{ '{0.a}'.format({'a': 5}) }} {{ '{!r} {!s}'.format('a', 'b') }} {{ '{:{}}'.format('a', 5) }}| {{ '{:s}'.format('x') }} {{ '{:d}'.format(true) }} {{ '{}'.format(none) }} {{ '{:.3}'.format('abcdef') }} {{ '{:.3}'.format(3.14159) }} {{ '{:_}'.format(1234567) }} {{ '{: d}'.format(5) }} {{ '{:08.3f}'.format(-3.14159) }} {{ '{:.0f}'.format(2.5) }} {{ '{:,.2f}'.format(1234567.891) }} {{ '{:c}'.format(97) }}
{{ '{a}'.format_map({'a': 1}) }} {{ 'x{}'.format(1.0) }} {{ '{}'.format(l) }} {{ '{:5}|'.format(3) }} {{ '{:5}|'.format(true) }} {{ '{:}'.format(2.0) }} {{ '{:g}'.format(100000.0) }} {{ '{:g}'.format(1e10) }} {{ '{:10}|'.format(1.5) }} {{ '{:.10g}'.format(0.1) }} {{ '{:#x}'.format(255) }} {{ '{:#010x}'.format(255) }} {{ '{:+.1e}'.format(0.0) }} {{ '{:012,}'.format(1234) }} {{ '{:<05}'.format(1) }}
{{ l.index(1) }} {{ l.count(2) }} {{ (1, 2, 1).count(1) }} {{ l.copy() }} {{ range(5).index(3) }} {{ range(0, 10, 2).count(4) }} {{ range(3).start }} {{ 'abc'['upper']() }} {{ d['get']('b') }} {{ d.keys()|length }} {{ 'b' in d.keys() }} {{ 1 in d.values() }} {{ ('b', 1) in d.items() }} {{ d.keys() == d.keys() }}
""".strip().split("\n")

FAULTS = """
{{ missing.x }}
{{ missing['x'] }}
{{ d.q.r }}
{{ no.x.y }}
{{ missing() }}
{{ missing + 1 }}
{{ 1 + missing }}
{{ -missing }}
{{ missing < 1 }}
{{ missing|int }}
{{ missing|round }}
{{ missing|abs }}
{{ missing|tojson }}
{{ missing|indent }}
{{ 'a' + 1 }}
{{ 1 + 'a' }}
{{ 'a' - 'b' }}
{{ 'a' * 'b' }}
{{ [] + () }}
{{ 1 // 0 }}
{{ 1 % 0 }}
{{ 1 / 0 }}
{{ 1.0 / 0 }}
{{ 0 ** -1 }}
{{ 1 < 'a' }}
{{ none < 1 }}
{{ [1, 'a']|sort }}
{{ 1 in 5 }}
{{ 1 in 'abc' }}
{{ none in 'abc' }}
{{ [] in d }}
{{ {[]: 1} }}
{{ 5|length }}
{{ (l|map('upper'))|length }}
{{ (l|select)|last }}
{{ 5|list }}
{{ 5|join }}
{{ none|join }}
{{ d|items|length }}
{{ 'abc'.nope() }}
{{ 'abc'.upper(1) }}
{{ 'abc'.split('') }}
{{ 'abc'.index('z') }}
{{ ','.join([1]) }}
{{ ','.join(5) }}
{{ 'a'.replace('b') }}
{{ 'a'.replace('b', 1) }}
{{ 'a'.startswith(1) }}
{{ 'a'.center('x') }}
{{ 'a'.ljust(5, 'xy') }}
{{ 'a'.strip(5) }}
{{ l.append(1) }}
{{ l.nope() }}
{{ d.update({}) }}
{{ d.pop('b') }}
{{ d.__class__.__name__ }}
{{ missing.__class__ }}
{{ (5|batch(0))|list }}
{% filter length %}x{% endfilter %}
{{ ''.__class__.__mro__ }}
{{ l.index(99) }}
{{ 5() }}
{{ 'a'() }}
{{ s.upper.x.y }}
{{ range(1000000)|list }}
{{ range(1, 2, 0) }}
{{ range('a') }}
{{ range() }}
{{ raise_exception('stop: ' ~ n) }}
{% if n %}{{ raise_exception('in if') }}{% endif %}
{{ raise_exception() }}
{{ strftime_now() }}
{{ strftime_now(5) }}
{{ s|nope }}
{{ s is nope }}
{% if z %}{{ s|nope }}{% endif %}ok
{% if n %}{{ s|nope }}{% endif %}
{{ 1 if t else s|nope }}
{{ l|map('nope')|list }}
{{ l|select('nope')|list }}
{{ l|map|list }}
{{ users|selectattr|list }}
{{ s|replace('a') }}
{{ s|upper(1) }}
{{ s|default(1, 2, 3, 4) }}
{{ s|default(nope=1) }}
{{ 'x'|round }}
{{ 'x'|abs }}
{{ l|round }}
{{ 1|round(1, 'up') }}
{{ l|batch('x')|list }}
{{ l|slice(0)|list }}
{{ 'ab'|truncate(1) }}
{{ 'a b'|wordwrap(0) }}
{{ d|dictsort(by='nope') }}
{{ l|dictsort }}
{{ users|sort(attribute='on') }}
{{ ['a', 1]|min }}
{{ ['a']|sum }}
{{ '%d' % 'a' }}
{{ '%s %s' % 'a' }}
{{ '%s' % ('a', 'b') }}
{{ 'x' % 5 }}
{{ '%q' % 5 }}
{{ '%' % 5 }}
{{ '%(a)s' % 5 }}
{{ '%(zz)s' % d }}
{{ '{}'.format() }}
{{ '{'.format() }}
{{ '}'.format() }}
{{ '{x}'.format() }}
{{ '{:d}'.format('a') }}
{{ '{:q}'.format(5) }}
{{ '{} {0}'.format(1) }}
{{ '{!x}'.format(1) }}
{{ '{.__class__.__name__}'.format(s) }}
{{ d|tojson(indent='x', nope=1) }}
{{ (l|map('upper'))|tojson }}
{{ {(1, 2): 3}|tojson }}
{{ {1: 1, 'a': 2}|tojson(sort_keys=true) }}
{% set a, b = 1 %}
{% set a, b = [1] %}
{% set a, b = [1, 2, 3] %}
{% set d.x = 1 %}
{% set missing.x = 1 %}
{% set ns = namespace() %}{% set ns._x = 1 %}
{{ namespace(_x=1) }}
{% for a, b in l %}{% endfor %}
{% for x in 5 %}{% endfor %}
{% for x in none %}{% endfor %}
{% for x in l %}{{ loop(l) }}{% endfor %}
{% for x in l %}{{ loop.cycle() }}{% endfor %}
{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{% endmacro %}{{ m(b=1) }}
{% macro m(a) %}{{ a.x }}{% endmacro %}{{ m() }}
{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}
{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}
{% macro m(caller) %}{{ caller() }}{% endmacro %}
{{ dict(1) }}
{{ dict([1]) }}
{{ cycler() }}
{{ s[1.5] }}
{{ s['a':] }}
{{ s[::0] }}
{{ d[1:2] }}
{{ none[0] }}
{{ none[0].x }}
{{ l['x'].y }}
{{ 1 if false }}{{ (1 if false).x }}
{{ 'a' if }}
{{ }}
{{ 1 + }}
{{ (1 }}
{{ 1) }}
{{ [1, 2 }}
{{ {1 2} }}
{{ 'abc }}
{{ 1 2 }}
{{ a b }}
{{ 1 | }}
{{ |upper }}
{{ s.1a }}
{{ s. }}
{{ s[ }}
{{ f(a=1, 2) }}
{{ f(*a, *b) }}
{{ f(**a, b=1) }}
{{ n is }}
{{ n is defined is none }}
{{ not }}
{{ $ }}
{{ a ! b }}
{{ a @ b }}
{% if %}{% endif %}
{% if n %}
{% endif %}
{% for %}{% endfor %}
{% for x l %}{% endfor %}
{% for x in l %}
{% for x in l %}{% endif %}
{% for 1 in l %}{% endfor %}
{% for x.y in l %}{% endfor %}
{% for loop in l %}{% endfor %}
{% for x in l %}{% set loop = 1 %}{% endfor %}
{% set %}
{% set 1 = 2 %}
{% set true = 2 %}
{% set x = %}
{% set x %}
{% macro %}{% endmacro %}
{% macro m %}{% endmacro %}
{% macro m(1) %}{% endmacro %}
{% macro m(a=1, b) %}{% endmacro %}
{% call x %}{% endcall %}
{% nope %}
{% endfor %}
{% else %}
{% break %}
{% continue %}
{% for x in l %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}
{% for x in l %}{% generation %}{% break %}{% endgeneration %}{% endfor %}
{% generation %}
{% endgeneration %}
{% filter %}{% endfilter %}
{% filter nope %}{% endfilter %}
{% with a %}{% endwith %}
{% block a %}{% endblock %}{% block a %}{% endblock %}
{% block a-b %}{% endblock %}
{% block a required %}x{% endblock %}
{% block a required %} {% endblock %}
{% raw %}
{# open
{{ open
{% open
{% if n %}{{ 'a' }
a %} b }} c #}
{{ '\\x4' }}
{{ '\\u12' }}
{{ '\\U99999999' }}
{{ '\\N{nope}' }}
{{ 1__0 }}
{{ 0x }}
{{ 1.e5 }}
{{ 1.5.5 }}
{{ _x }} {{ d._b }} {{ d['_b'] }}
{{ lipsum.__globals__ }}
{{ cycler.__init__ }}
{{ super() }}
{{ s.format.__self__ }}
{{ loop.index }}
{{ caller() }}
{{ namespace(1) }}
{{ {'a': 1}.a.b.c }}
{{ 'a'.encode().x.y }}
""".strip().split("\n")

# Refused here on purpose, where jinja2 goes on: random results, other files, numbers beyond 64 bits, bytes.
REFUSED = """
{% include 'x' %}
{% import 'x' as y %}
{% from 'x' import y %}
{% extends 'x' %}
{{ 2 ** 64 }}
{{ 9223372036854775807 + 1 }}
{{ 9223372036854775808 }}
{{ l|random }}
{{ lipsum(1) }}
{{ l|pprint }}
{{ 'www.x.org'|urlize }}
{{ 'a'.encode() }}
{% autoescape true %}{{ '<' }}{% endautoescape %}
""".strip().split("\n")

SPANS = [
    "{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}{% generation %}{{ m.content }}é{% endgeneration %}{% else %}{{ m.content }}{% endif %}{% endfor %}",
    "日本{% generation %}語{% endgeneration %}😀{% generation %}{% endgeneration %}x{% generation %}{{ u }}{% endgeneration %}",
    "{%- for m in messages -%}\n  {%- generation -%}  {{ m.role }} \n {%- endgeneration -%}\n{%- endfor -%}",
    "{% set x = 1 %}a{% generation %}{% set x = 2 %}{{ x }}{% for i in l %}{{ i }}{% endfor %}{% endgeneration %}b{{ x }}",
    "{% macro m(c) %}[{{ c }}]{% endmacro %}{{ m(1) }}{% generation %}{{ m(2) }}{% endgeneration %}{{ m(3) }}",
    "{% set c %}captured{% endset %}{{ c }}{% generation %}{{ c }}{% endgeneration %}{% filter upper %}x{% endfilter %}{% generation %}y{% endgeneration %}",
    "{% if t %}{% generation %}a\n{% endgeneration %}\nb{% endif %}{% with q = 1 %}{% generation %}{{ q }}{% endgeneration %}{% endwith %}",
    "no blocks {{ n }}",
    "{% generation %}\n  {{ s }}\n{% endgeneration %}\ntail",
    "{% for x in l %}{{ x }}{% if x == 1 %}{% continue %}{% endif %}{% generation %}{{ loop.index }}{% endgeneration %}{% endfor %}",
]


GROUPS = {"printing": PRINTING, "operators": OPERATORS, "statements": STATEMENTS, "whitespace": WHITESPACE,
          "filters": FILTERS, "tests": TESTS, "methods": METHODS, "faults": FAULTS}


def snippets():
    """(group, template). A line of print statements alone gives a template for each of them."""
    for group, templates in GROUPS.items():
        for template in templates:
            parts = [template]
            if template.count("{{") > 3 and "{%" not in template and group != "whitespace":
                parts = re.findall(r"\{\{.*?\}\}(?!\})", template)
            for part in parts:
                yield group, part
