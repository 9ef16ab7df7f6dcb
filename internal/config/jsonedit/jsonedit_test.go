package jsonedit_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/internal/config/jsonedit"
)

// An example is an edit whose undo returns the original text.
type example struct {
	name, before, after string
	path                string // names separated by spaces
}

func sets() []example {
	return []example{
		{"an empty object", `{}`, `{"a": 1}`, "a"},
		{"a space in it", `{ }`, `{"a": 1 }`, "a"},
		{"a line in it", "{\n}\n", "{\n  \"a\": 1\n}\n", "a"},
		{"a comment in it", `{/* c */}`, `{/* c */ "a": 1}`, "a"},
		{"a comment in a line of it", "{\n\t// c\n}", "{\n\t// c\n  \"a\": 1\n}", "a"},
		{"members in a line", `{"b": 2}`, `{"b": 2, "a": 1}`, "a"},
		{"members in lines", "{\n    \"b\": 2\n}\n", "{\n    \"b\": 2,\n    \"a\": 1\n}\n", "a"},
		{"tabs", "{\n\t\"b\": 2\n}", "{\n\t\"b\": 2,\n\t\"a\": 1\n}", "a"},
		{"CRLF", "{\r\n  \"b\": 2\r\n}\r\n", "{\r\n  \"b\": 2,\r\n  \"a\": 1\r\n}\r\n", "a"},
		{"a trailing comma", "{\n  \"b\": 2,\n}", "{\n  \"b\": 2,\n  \"a\": 1,\n}", "a"},
		{"a trailing comma in a line", `{"b": 2,}`, `{"b": 2, "a": 1,}`, "a"},
		{"a comment at the last member", "{\n  \"b\": 2 // two\n}", "{\n  \"b\": 2, // two\n  \"a\": 1\n}", "a"},
		{"a comment before the comma", "{\n  \"b\": 2 /* two */ ,\n}", "{\n  \"b\": 2 /* two */ ,\n  \"a\": 1,\n}", "a"},
		{"an empty line at the end", "{\n  \"b\": 2\n\n}", "{\n  \"b\": 2,\n\n  \"a\": 1\n}", "a"},
		{"comments round it", "// head\n{}\n// tail", "// head\n{\"a\": 1}\n// tail", "a"},
		{"objects that are absent", `{}`, `{"o": { "p": { "a": 1 } }}`, "o p a"},
		{"an object that is empty", `{"o":{}}`, `{"o":{"a": 1}}`, "o a"},
		{"an object that is half there", `{"o":{ }}`, `{"o":{"p": { "a": 1 } }}`, "o p a"},
		{"an object deeper down", "{\n \"o\": {\n }\n}", "{\n \"o\": {\n  \"a\": 1\n }\n}", "o a"},
		{"a name with quotes", `{}`, `{"\"": { "a": 1 }}`, `" a`},
	}
}

func TestSetAndRemove(t *testing.T) {
	for _, c := range sets() {
		t.Run(c.name, func(t *testing.T) {
			path := strings.Fields(c.path)
			after, err := jsonedit.Set([]byte(c.before), 1, path...)
			want(t, "Set", after, err, c.after)
			before, err := jsonedit.Remove(after, path...)
			want(t, "Remove", before, err, c.before)
		})
	}
}

func TestAppendAndRemoveElement(t *testing.T) {
	for _, c := range []example{
		{"absent", `{"b": 2}`, `{"b": 2, "l": [ "x" ]}`, "l"},
		{"absent, and its object", `{}`, `{"o": { "l": [ "x" ] }}`, "o l"},
		{"empty", `{"l": []}`, `{"l": ["x"]}`, "l"},
		{"elements in a line", `{"l": ["a"]}`, `{"l": ["a", "x"]}`, "l"},
		{"elements in lines", "{\n  \"l\": [\n    \"a\" // a\n  ]\n}", "{\n  \"l\": [\n    \"a\", // a\n    \"x\"\n  ]\n}", "l"},
		{"a trailing comma", "{\"l\": [\n  \"a\",\n]}", "{\"l\": [\n  \"a\",\n  \"x\",\n]}", "l"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := strings.Fields(c.path)
			after, err := jsonedit.Append([]byte(c.before), "x", path...)
			want(t, "Append", after, err, c.after)
			before, err := jsonedit.RemoveElement(after, func(v []byte) bool { return string(v) == `"x"` }, path...)
			want(t, "RemoveElement", before, err, c.before)
		})
	}
}

func want(t *testing.T, what string, got []byte, err error, want string) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// TestRemove_OfOthers checks that values which people wrote are removed too, and that comments and
// the rest stay.
func TestRemove_OfOthers(t *testing.T) {
	for _, c := range []example{
		{"the first in a line", `{"a": 1, "b": 2}`, `{"b": 2}`, "a"},
		{"the first in lines", "{\n  \"a\": 1,\n  \"b\": 2\n}", "{\n  \"b\": 2\n}", "a"},
		{"one in the middle", "{\n  \"b\": 2,\n  \"a\": 1, // one\n  \"c\": 3\n}", "{\n  \"b\": 2, // one\n  \"c\": 3\n}", "a"},
		{"behind a line comment", "{\"b\": 2, // two\n\"a\": 1, \"c\": 3}", "{\"b\": 2, // two\n \"c\": 3}", "a"},
		{"before another's comma", `{"b": 2 , "a": 1}`, `{"b": 2 }`, "a"},
		{"an object that is not empty", `{"o": { "a": 1, "b": 2 }}`, `{"o": { "b": 2 }}`, "o a"},
		{"absent", `{"b": 2}`, `{"b": 2}`, "a"},
		{"absent on the way", `{"b": 2}`, `{"b": 2}`, "o a"},
		{"nothing at all", "\n", "\n", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := jsonedit.Remove([]byte(c.before), strings.Fields(c.path)...)
			want(t, "Remove", got, err, c.after)
		})
	}
}

func TestRemoveElement_All(t *testing.T) {
	got, err := jsonedit.RemoveElement([]byte(`{"l": [1, 2, 1]}`), func(v []byte) bool { return string(v) == "1" }, "l")
	want(t, "RemoveElement", got, err, `{"l": [2]}`)
}

func TestSet_Values(t *testing.T) {
	for _, c := range []struct {
		name, before, after string
		value               any
	}{
		{"in the place of another", "{\"a\": [1, /* c */ 2], // c\n\"b\": 1}", "{\"a\": true, // c\n\"b\": 1}", true},
		{"in a text that holds nothing", "", "{\n  \"a\": null\n}\n", nil},
		{"with spaces in one line", "{}", `{"a": {"c": ["x:,\"", 1], "d": "<&>"}}`, map[string]any{"c": []any{`x:,"`, 1}, "d": "<&>"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := jsonedit.Set([]byte(c.before), c.value, "a")
			want(t, "Set", got, err, c.after)
		})
	}
}

func TestGet(t *testing.T) {
	doc := []byte("{\"o\": {\n // c\n \"l\": [1, {\"x\" : 2,},],\n}, \"\\u0061\": \"x\"}")
	for path, value := range map[string]string{"o l": `[1,{"x":2}]`, "o": `{"l":[1,{"x":2}]}`, "a": `"x"`, "b": "", "o x y": ""} {
		got, ok, err := jsonedit.Get(doc, strings.Fields(path)...)
		if err != nil || ok != (value != "") || string(got) != value {
			t.Errorf("Get(%q) = %q, %v, %v; want %q", path, got, ok, err, value)
		}
	}
}

func TestErrors(t *testing.T) {
	deep := strings.Repeat("[", jsonedit.MaxDepth)
	for _, c := range []struct{ name, doc, path, want string }{
		{"no JSON", "{\n  \"a\": secret\n}", "a", "it is no JSON, not even with comments: see line 2, column 8"},
		{"cut short", `{"a": "secret`, "a", "it is no JSON, not even with comments: see line 2, column 1"},
		{"two texts", `{} {}`, "a", "it is no JSON, not even with comments: see line 1, column 4"},
		{"no object", `["secret"]`, "a", "it is no JSON object"},
		{"no object on the way", `{"o": {"p": "secret"}}`, "o p a", `its member "o.p" is no object`},
		{"twice", `{"a": 1, "\u0061": 2}`, "a", `its member "a" is there twice`},
		{"too deep", `{"a":` + deep + "1" + strings.ReplaceAll(deep, "[", "]") + `}`, "a", "more than 100 objects and arrays lie in one another"},
		{"too deep and broken", strings.Repeat("[", 1<<20), "a", "more than 100 objects and arrays lie in one another"},
		{"too large", `{"a": "` + strings.Repeat("x", 1<<20) + `"}`, "a", "it has more than 1048576 bytes"},
		{"no name", `{}`, "", "a value needs a name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := jsonedit.Set([]byte(c.doc), 1, strings.Fields(c.path)...)
			if err == nil || err.Error() != c.want {
				t.Errorf("Set = %v, want %s", err, c.want)
			}
		})
	}
	if _, err := jsonedit.Append([]byte(`{"a": {}}`), 1, "a"); err == nil || err.Error() != `its member "a" is no array` {
		t.Errorf("Append to an object = %v", err)
	}
	if got, err := jsonedit.Set([]byte(`{}`), strings.Repeat("x", 1<<20), "a"); err == nil {
		t.Errorf("Set beyond the limit = %d bytes and no error", len(got))
	}
	if _, err := jsonedit.Set([]byte(`{"a": "{[// /* "}`), 1, "b"); err != nil {
		t.Errorf("brackets and slashes in a string: %v", err)
	}
}
