package jsonedit_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/tailscale/hujson"

	"github.com/codex-cred/codex-cred/internal/config/jsonedit"
)

func seed(f *testing.F) {
	for _, c := range sets() {
		f.Add([]byte(c.before), c.path)
	}
	for _, doc := range []string{
		"{\"o\":{\"l\":[\n1,//x\r\n\n]}}//", "{//\n}", "{\"b\":1//\n\n\n ,}", "{/**/\r\n\t}", `{"b":[ 1 ],"o":{ "l":[ ]}}`, "{\"o\":\n{\n} }",
		"{\"b\":1,// x\n\"o\":2,\"c\":3}", "{\r\r\n}", `{"o": { "p": 1 }}`,
	} {
		f.Add([]byte(doc), "o l")
		f.Add([]byte(doc), "o")
	}
}

// FuzzThereAndBack checks that an edit and its undo restore every byte.
func FuzzThereAndBack(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, doc []byte, names string) {
		path := strings.Fields(names)
		if !utf8.ValidString(names) || len(path) == 0 || len(bytes.TrimSpace(doc)) == 0 {
			return
		}
		setAndRemove(t, doc, path)
		appendAndRemove(t, doc, path)
	})
}

func setAndRemove(t *testing.T, doc []byte, path []string) {
	if _, ok, err := jsonedit.Get(doc, path...); ok || err != nil {
		return
	}
	after, err := jsonedit.Set(doc, "ours", path...)
	if err != nil {
		return // over the limits
	}
	if got, ok, err := jsonedit.Get(after, path...); err != nil || !ok || string(got) != `"ours"` {
		t.Fatalf("Get after Set = %q, %v, %v\n%q\n%q", got, ok, err, doc, after)
	}
	back, err := jsonedit.Remove(after, path...)
	if err != nil || !bytes.Equal(back, doc) {
		t.Fatalf("Remove = %v\nbefore %q\nafter  %q\nback   %q", err, doc, after, back)
	}
	// The content before the edit must be unchanged.
	restored := value(t, after)
	drop(restored, value(t, doc), path)
	if diff := cmp.Diff(value(t, doc), restored); diff != "" {
		t.Fatalf("Set changed more than %q (-before +after):\n%s", path, diff)
	}
}

// drop removes the path from an edited text, and what was made for it.
func drop(after, before map[string]any, path []string) {
	if _, was := before[path[0]]; !was {
		delete(after, path[0])
		return
	}
	a, _ := after[path[0]].(map[string]any)
	b, _ := before[path[0]].(map[string]any)
	drop(a, b, path[1:])
}

func appendAndRemove(t *testing.T, doc []byte, path []string) {
	after, err := jsonedit.Append(doc, "ours", path...)
	if err != nil || bytes.Contains(doc, []byte("ours")) {
		return
	}
	back, err := jsonedit.RemoveElement(after, func(v []byte) bool { return string(v) == `"ours"` }, path...)
	if err != nil || !bytes.Equal(back, doc) {
		t.Fatalf("RemoveElement = %v\nbefore %q\nafter  %q\nback   %q", err, doc, after, back)
	}
}

// FuzzRemove checks that Remove removes what the path names, however the text is written.
func FuzzRemove(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, doc []byte, names string) {
		path := strings.Fields(names)
		if _, ok, err := jsonedit.Get(doc, path...); err != nil || !ok || len(path) != 1 {
			return
		}
		after, err := jsonedit.Remove(doc, path...)
		if err != nil {
			t.Fatalf("Remove from %q: %v", doc, err)
		}
		want := value(t, doc)
		delete(want, path[0])
		if diff := cmp.Diff(want, value(t, after)); diff != "" {
			t.Fatalf("Remove %q from %q gave %q (-want +got):\n%s", path, doc, after, diff)
		}
	})
}

func value(t *testing.T, doc []byte) map[string]any {
	t.Helper()
	plain, err := hujson.Standardize(append(bytes.Clone(doc), '\n'))
	if err != nil {
		t.Fatalf("an edit broke the text: %v\n%q", err, doc)
	}
	decoder := json.NewDecoder(bytes.NewReader(plain))
	decoder.UseNumber()
	var v map[string]any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("an edit broke the text: %v\n%q", err, doc)
	}
	return v
}
