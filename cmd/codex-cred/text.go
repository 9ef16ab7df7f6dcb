package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/codex-cred/codex-cred/helper"
)

// printable reports whether a character from outside may be shown. Control
// characters can steer a terminal; the marks of bidirectional text (category
// Cf) can make it read as something else.
func printable(r rune) bool {
	return unicode.IsPrint(r) || r == '\u00a0'
}

// shown returns text from outside so that it can be shown to a person.
func shown(s string) string {
	return strings.Map(func(r rune) rune {
		if printable(r) {
			return r
		}
		return '\ufffd'
	}, s)
}

// A masker returns text of others as it may be shown: without control characters,
// and with e-mail addresses masked unless a person asked to see them.
type masker struct{ showEmail bool }

func (m masker) text(s string) string {
	if m.showEmail {
		return shown(s)
	}
	return helper.MaskEmails(shown(s))
}

// email is for what should be an address: if it is none it is masked all the same.
func (m masker) email(s string) string {
	if m.showEmail {
		return shown(s)
	}
	return helper.MaskEmail(shown(s))
}

// fromNow tells a time as a person would: "in 9 days", "3 minutes ago".
func fromNow(t, now time.Time) string {
	d := t.Sub(now)
	if d < 0 {
		return span(-d) + " ago"
	}
	return "in " + span(d)
}

func span(d time.Duration) string {
	const day = 24 * time.Hour
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		// From two units on, the next smaller one would be noise.
		if n := int(d / unit.size); n >= 2 || (n == 1 && unit.size != day) {
			return plural(n, unit.name)
		}
	}
	return plural(int(d/time.Second), "second")
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
