package terminal

import (
	"testing"
	"time"
)

func TestMaskEmail(t *testing.T) {
	for email, want := range map[string]string{
		"":                          "",
		"user@example.com":          "us***@example.com",
		"al@example.com":            "a***@example.com",
		"a@example.com":             "***@example.com",
		"@example.com":              "***@example.com",
		"no address":                "***",
		"us\x1b[31mer@example.com":  "us***@example.com",
		"üser@example.com":          "üs***@example.com",
		"user@exam\u202eple.com":    "us***@exam\ufffdple.com",
		"user@example.com\nAccount": "us***@example.com\ufffdAccount",
	} {
		if got := (Masker{}).Email(email); got != want {
			t.Errorf("email(%q) = %q, want %q", email, got, want)
		}
	}
}

// What claims say is masked where it is an address, whichever claim it is in, and
// shown as it is to who asks for it.
func TestMasker_Text(t *testing.T) {
	const text = "plus of user@example.com\x1b[31m"
	if got, want := (Masker{}).Text(text), "plus of us***@example.com\ufffd[31m"; got != want {
		t.Errorf("text(%q) = %q, want %q", text, got, want)
	}
	if got, want := (Masker{ShowEmail: true}).Text(text), "plus of user@example.com\ufffd[31m"; got != want {
		t.Errorf("text(%q) = %q for who asks, want %q", text, got, want)
	}
}

func TestFromNow(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for ahead, want := range map[time.Duration]string{
		0:                               "in 0 seconds",
		time.Second:                     "in 1 second",
		59 * time.Second:                "in 59 seconds",
		time.Minute:                     "in 1 minute",
		90 * time.Second:                "in 1 minute",
		time.Hour - time.Second:         "in 59 minutes",
		time.Hour:                       "in 1 hour",
		47 * time.Hour:                  "in 47 hours",
		48 * time.Hour:                  "in 2 days",
		9*24*time.Hour + 5*time.Hour:    "in 9 days",
		-3 * time.Minute:                "3 minutes ago",
		-2 * time.Hour:                  "2 hours ago",
		-(24*time.Hour + 1*time.Second): "24 hours ago",
	} {
		if got := FromNow(now.Add(ahead), now); got != want {
			t.Errorf("fromNow(%v) = %q, want %q", ahead, got, want)
		}
	}
}

func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                   "plain",
		"two\nlines":              "two; lines",
		"\x1b[2Jcleared":          "[2Jcleared",
		"right\u202eto\u2066left": "righttoleft",
		"bell\a\r":                "bell",
	} {
		if got := OneLine(text); got != want {
			t.Errorf("oneLine(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestLayOut(t *testing.T) {
	rows := [][]Cell{
		{{"NAME", Header}, {"HEALTH", Header}},
		{{"wörk", Plain}, {"ok", Good}},
		{{"a longer one", Plain}, {"", Bad}},
	}
	plainWant := "NAME          HEALTH\nwörk          ok\na longer one  \n"
	if got := layOut(rows, false); got != plainWant {
		t.Errorf("without colours:\n%q, want\n%q", got, plainWant)
	}
	if got, want := layOut([][]Cell{{{"\x1b[2J\u009b31m", Good}}}, false), "\ufffd[2J\ufffd31m\n"; got != want {
		t.Errorf("a cell with control characters: %q, want %q", got, want)
	}
	colourWant := "\x1b[1mNAME\x1b[0m          \x1b[1mHEALTH\x1b[0m\nwörk          \x1b[32mok\x1b[0m\na longer one  \n"
	if got := layOut(rows, true); got != colourWant {
		t.Errorf("with colours:\n%q, want\n%q", got, colourWant)
	}
}
