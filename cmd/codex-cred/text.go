package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"
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

// maskEmail keeps the first two letters and the domain: us***@example.com.
func maskEmail(email string) string {
	local, domain, ok := strings.Cut(shown(email), "@")
	if !ok {
		if email == "" {
			return ""
		}
		return "***"
	}
	letters := []rune(local)
	keep := min(2, max(0, len(letters)-1))
	return string(letters[:keep]) + "***@" + domain
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
