package terminal

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/codex-cred/codex-cred/helper"
)

// Printable reports whether a character from outside may be printed. Control
// characters can control a terminal, and the marks of bidirectional text
// (category Cf) can make it read as something else.
func Printable(r rune) bool {
	return unicode.IsPrint(r) || r == '\u00a0'
}

// Sanitize replaces the characters of the text that are not Printable.
func Sanitize(s string) string {
	return strings.Map(func(r rune) rune {
		if Printable(r) {
			return r
		}
		return '\ufffd'
	}, s)
}

// A Masker prepares text from outside for printing: without control characters,
// and with e-mail addresses masked unless ShowEmail is set.
type Masker struct{ ShowEmail bool }

// Text returns the text, sanitized and with e-mail addresses masked.
func (m Masker) Text(s string) string {
	if m.ShowEmail {
		return Sanitize(s)
	}
	return helper.MaskEmails(Sanitize(s))
}

// Email returns the address, sanitized and masked. It masks the text even if
// that is not an address.
func (m Masker) Email(s string) string {
	if m.ShowEmail {
		return Sanitize(s)
	}
	return helper.MaskEmail(Sanitize(s))
}

// FromNow returns a time relative to now: "in 9 days", "3 minutes ago".
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
		// One day is shown in hours, which are more precise.
		if n := int(d / unit.size); n >= 2 || (n == 1 && unit.size != day) {
			return Plural(n, unit.name)
		}
	}
	return Plural(int(d/time.Second), "second")
}

// Plural returns the number with its unit, which gets an s unless the number is
// 1.
func Plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
