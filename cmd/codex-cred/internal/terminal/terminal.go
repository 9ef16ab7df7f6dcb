// Package terminal prints for users and reads what they type: sanitized text,
// tables, progress, and JSON without control characters. Start with [Terminal].
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

// A Terminal is where the user reads what the program prints, and answers it.
// Its methods may be called concurrently, except those that write to Out.
type Terminal struct {
	In  io.Reader // standard input
	Out io.Writer // standard output
	Err io.Writer // standard error
	Now func() time.Time
	// NoColor turns off colors (https://no-color.org).
	NoColor bool
	// progress is the latest Progress, or nil.
	progress atomic.Pointer[Progress]
}

// Warn prints a message for the user on standard error. Programs need not read
// it.
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

// noticeDelay is how long an operation may take before the user sees a notice.
const noticeDelay = time.Second

// NoticeAfter prints the message after a second, unless stop is called before.
func (t *Terminal) NoticeAfter(format string, args ...any) (stop func()) {
	timer := time.AfterFunc(noticeDelay, func() { t.Warn(format, args...) })
	return func() { timer.Stop() }
}

// IsTerminal reports whether w is a terminal.
func IsTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// OneLine puts the lines of joined errors on one line. It removes characters
// that could control a terminal or mislead the reader.
func OneLine(s string) string {
	s = strings.ReplaceAll(s, "\n", "; ")
	return strings.Map(func(r rune) rune {
		if !Printable(r) {
			return -1
		}
		return r
	}, s)
}

// WriteJSON writes the value as one line of JSON that cannot control a
// terminal.
func WriteJSON(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	return Write(w, escaped(string(b))+"\n")
}

// escaped replaces characters that could control a terminal by JSON escapes,
// which encoding/json does only for some. The value stays the same.
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

// Write writes the text of an answer.
func Write(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}
