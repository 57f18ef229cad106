import { expect, test } from "vitest";
import { formatter } from "./index.ts";
import { GoStruct, type GoValue, goField } from "./value.ts";

const record = (id: string, size: number, more: GoValue = null) =>
  new GoStruct("*client.UsageInfo", [
    goField("ID", "id", id),
    goField("Size", "size", size),
    goField("Parents", "parents", more),
    goField("Hidden", "hidden,omitempty", ""),
  ]);
const data: GoValue = [record("a<b", 5, ["x", "y"]), record("c", 0)];
const labels: GoValue = new Map([
  ["z", "last"],
  ["b.c", "first"],
]);

// What Go's own text/template prints for the same values.
test.each<[string, GoValue, string]>([
  ["json", data, '[{"id":"a<b","size":5,"parents":["x","y"]},{"id":"c","size":0,"parents":null}]'],
  ["{{json .}}", labels, '{"b.c":"first","z":"last"}'],
  ["{{range .}}{{.ID}}={{.Size}} {{end}}", data, "a<b=5 c=0 "],
  ['{{range .}}{{if .Size}}{{.ID}}{{else}}none{{end}}{{"\\n"}}{{end}}', data, "a<b\nnone\n"],
  ["{{range $i, $r := .}}{{$i}}:{{$r.ID}};{{end}}", data, "0:a<b;1:c;"],
  ["{{range $k, $v := .}}{{$k}}-{{$v}},{{end}}", labels, "b.c-first,z-last,"],
  ["{{(index . 0).ID}} {{len .}} {{len (index . 0).Parents}}", data, "a<b 2 2"],
  ['{{index . "b.c"}} {{.z}} {{.none}}', labels, "first last <no value>"],
  ['{{printf "%-5s|%5d|%q|%t" "a" 42 "q" true}}', null, 'a    |   42|"q"|true'],
  ['{{"x" | printf "%s-%s" "y"}}', null, "y-x"],
  ["{{with index . 1}}{{.ID}}{{end}}", data, "c"],
  ["{{range .}}{{else}}empty{{end}}", [], "empty"],
  ["{{if and (eq 1 1) (not (gt 1 2))}}yes{{end}}", null, "yes"],
  ["{{if eq . 3}}3{{else if eq . 4}}4{{else}}?{{end}}", 4, "4"],
  ["a {{- /* remark */ -}} b", null, "ab"],
  ["a {{- 1 -}} b {{ 2 }} c", null, "a1b 2 c"],
  ["{{$x := 1}}{{range .}}{{$x = .Size}}{{end}}{{$x}}", data, "0"],
  ['{{range .}}{{if eq .ID "c"}}{{continue}}{{end}}{{.ID}}{{break}}{{end}}', data, "a<b"],
  ["{{range .}}{{.Parents}}{{end}}", data, "[x y]<nil>"],
  ["{{slice . 1 3}} {{print 1 2 . 3}} {{println .}}", "abcd", "bc 1 2abcd3 abcd\n"],
  ["`{{`raw`}}`", null, "`raw`"],
])("%s", (template, value, expected) => {
  expect(formatter(template)(value)).toBe(`${expected}\n`);
});

test.each([
  ["{{", "template: :1: unclosed action"],
  ["\n{{if .}}", "template: :2: unexpected EOF"],
  ["{{end}}", "template: :1: unexpected {{end}}"],
  ["{{upper .}}", 'template: :1: function "upper" not defined'],
  ["{{}}", "template: :1: missing value for command"],
  ['{{template "x"}}', "{{template}} is not supported"],
])("%s is refused before anything is asked", (template, sentence) => {
  expect(() => formatter(template)).toThrow(sentence);
});

test.each([
  ["{{range .}}{{.Name}}{{end}}", "can't evaluate field Name in type *client.UsageInfo"],
  ["{{index . 7}}", "index out of range: 7"],
  ["{{$y}}", 'undefined variable "$y"'],
])("%s does not fit the value", (template, sentence) => {
  expect(() => formatter(template)(data)).toThrow(sentence);
});
