package terminal

import (
	"encoding/json"
	"strings"
	"testing"
)

// JSON that a person looks at steers no terminal, and means the same to a program.
func TestWriteJSON(t *testing.T) {
	const text = "\x1b[31m\u009b31m\u202e \u2066 ü 😀 \U000e0001"
	var b strings.Builder
	if err := WriteJSON(&b, text); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsFunc(strings.TrimSuffix(b.String(), "\n"), func(r rune) bool { return !Printable(r) }) {
		t.Errorf("control characters: %q", b.String())
	}
	var back string
	if err := json.Unmarshal([]byte(b.String()), &back); err != nil {
		t.Fatal(err)
	}
	if back != text {
		t.Errorf("it reads %q, want %q", back, text)
	}
}
