package terminal

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/codex-cred/codex-cred/helper"
)

// Printable reports whether a character from outside may be shown. Control
// characters can steer a terminal; the marks of bidirectional text (category
// Cf) can make it read as something else.
func Printable(r rune) bool {
	return unicode.IsPrint(r) || r == '\u00a0'
}

// Sanitize returns text from outside so that it can be shown to a person.
func Sanitize(s string) string {
	return strings.Map(func(r rune) rune {
		if Printable(r) {
			return r
		}
		return '\ufffd'
	}, s)
}

// A Masker returns text of others as it may be shown: without control characters,
// and with e-mail addresses masked unless a person asked to see them.
type Masker struct{ ShowEmail bool }

// Text returns the text, sanitized.
func (m Masker) Text(s string) string {
	if m.ShowEmail {
		return Sanitize(s)
	}
	return helper.MaskEmails(Sanitize(s))
}

// Email is for what should be an address: if it is none it is masked all the same.
func (m Masker) Email(s string) string {
	if m.ShowEmail {
		return Sanitize(s)
	}
	return helper.MaskEmail(Sanitize(s))
}

// FromNow returns a time as a person would: "in 9 days", "3 minutes ago".
func FromNow(t, now time.Time) string {
	d := t.Sub(now)
	if d < 0 {
		return Span(-d) + " ago"
	}
	return "in " + Span(d)
}

// Span returns the duration in its largest unit: "9 days", "1 minute".
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		// From two units on, the next smaller one would be noise.
		if n := int(d / unit.size); n >= 2 || (n == 1 && unit.size != day) {
			return Plural(n, unit.name)
		}
	}
	return Plural(int(d/time.Second), "second")
}

// Plural returns the number with its unit.
func Plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
