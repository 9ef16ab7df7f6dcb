package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

func TestPastes(t *testing.T) {
	for _, c := range []struct{ what, input, want string }{
		{"one line", "http://127.0.0.1/x?code=1&state=2\n", "http://127.0.0.1/x?code=1&state=2"},
		{"no line feed at the end", "code=1&state=2", "code=1&state=2"},
		{"an address in three lines", "http://127.0.0.1/x?co\r\nde=1&st\nate=2\n", "http://127.0.0.1/x?code=1&state=2"},
		{"an empty line", "\n", ""},
	} {
		p := &program{Terminal: &terminal.Terminal{In: strings.NewReader(c.input)}}
		pasted := p.pastes()
		if got, err := pasted(t.Context()); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.what, got, err)
		}
		for range 2 {
			if got, err := pasted(t.Context()); !errors.Is(err, io.EOF) {
				t.Errorf("%s: after the end: %q, %v", c.what, got, err)
			}
		}
	}
}

// TestPastesTwice checks that two pastes with a pause between them are two texts.
func TestPastesTwice(t *testing.T) {
	r, w := io.Pipe()
	p := &program{Terminal: &terminal.Terminal{In: r}}
	pasted := p.pastes()
	for _, want := range []string{"first", "second"} {
		go func() { _, _ = io.WriteString(w, want+"\n") }()
		if got, err := pasted(t.Context()); err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	_ = w.Close()
}

func TestPastesOfNobody(t *testing.T) {
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := (&program{Terminal: &terminal.Terminal{In: r}}).pastes()(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestPastesWithoutEnd(t *testing.T) {
	// A line that is too long for an address is cut, and reading continues.
	long := strings.Repeat("x", 3*maxPaste)
	pasted := (&program{Terminal: &terminal.Terminal{In: strings.NewReader(long + "\nnext\n")}}).pastes()
	if got, err := pasted(t.Context()); err != nil || !strings.HasPrefix(got, "xxx") || len(got) > maxPaste+4 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	many := strings.Repeat("0123456789\n", maxPaste)
	if got, err := (&program{Terminal: &terminal.Terminal{In: strings.NewReader(many)}}).pastes()(t.Context()); err != nil || len(got) > maxPaste+10 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
