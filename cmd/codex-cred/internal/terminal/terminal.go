// Package terminal prints for a person and reads what they type: sanitized text,
// tables, progress, and JSON that steers no terminal. Start with [Terminal].
package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf16"

	"golang.org/x/term"
)

// A Terminal is where a person reads what the program prints, and answers it. Its
// methods may be called concurrently, but for those that write to Out.
type Terminal struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	Now func() time.Time
	// NoColor turns colours off (https://no-color.org).
	NoColor bool
	// progress is what was begun last, or nil.
	progress atomic.Pointer[Progress]
}

// Warn tells a person on stderr what a program need not know.
func (t *Terminal) Warn(format string, args ...any) {
	text := strings.Map(func(r rune) rune {
		if r == '\n' || Printable(r) {
			return r
		}
		return -1
	}, fmt.Sprintf(format, args...))
	if g := t.progress.Load(); g != nil {
		g.End()
	}
	_, _ = io.WriteString(t.Err, "codex-cred: "+text+"\n")
}

// noticeDelay is how long something may last before a person is told what for.
const noticeDelay = time.Second

// NoticeAfter tells a person what is waited for, unless stop is called before that.
func (t *Terminal) NoticeAfter(format string, args ...any) (stop func()) {
	timer := time.AfterFunc(noticeDelay, func() { t.Warn(format, args...) })
	return func() { timer.Stop() }
}

// IsTerminal reports whether w shows text to a person.
func IsTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// OneLine joins the lines of joined errors and takes out what could steer a
// terminal or mislead its reader.
func OneLine(s string) string {
	s = strings.ReplaceAll(s, "\n", "; ")
	return strings.Map(func(r rune) rune {
		if !Printable(r) {
			return -1
		}
		return r
	}, s)
}

// WriteJSON writes the value as one line of JSON that steers no terminal.
func WriteJSON(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	return Write(w, escaped(string(b))+"\n")
}

// escaped returns the JSON with what could steer a terminal as JSON escapes, of
// which encoding/json makes few: a program reads the same.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		if Printable(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// Write writes the text, an answer.
func Write(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}
