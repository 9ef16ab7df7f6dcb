package main

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

// openTerminal returns a pseudo-terminal.
func openTerminal(t *testing.T) *os.File {
	t.Helper()
	_, slave := openBoth(t)
	return slave
}

// openBoth returns the ends of a pseudo-terminal: the user's, and the program's.
func openBoth(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slave.Close() })
	return master, slave
}

func TestColours(t *testing.T) {
	window := openTerminal(t)
	for _, c := range []struct {
		name, variable, value string
		terminal, want        bool
	}{
		{"a terminal", "", "", true, true},
		{"a pipe", "", "", false, false},
		{"NO_COLOR", "NO_COLOR", "1", true, false},
		{"an empty NO_COLOR", "NO_COLOR", "", true, true},
		{"a dumb terminal", "TERM", "dumb", true, false},
	} {
		p := &terminal.Terminal{Out: new(bytes.Buffer), NoColor: terminal.NoColor(func(name string) string {
			return map[string]string{c.variable: c.value}[name]
		})}
		if c.terminal {
			p.Out = window
		}
		if got := p.Colors(); got != c.want {
			t.Errorf("%s: colours %v, want %v", c.name, got, c.want)
		}
	}
}

// TestConfirm checks that only the whole word confirms an erase of everything.
func TestConfirm(t *testing.T) {
	for answer, want := range map[string]bool{"yes\n": true, " yes \n": true, "y\n": false, "no\n": false, "\n": false, "": false, "YES\n": false} {
		p := &program{Terminal: &terminal.Terminal{In: bytes.NewBufferString(answer), Err: new(bytes.Buffer)}, Process: &process.Process{Getenv: func(string) string { return "" }}}
		got, err := p.line(t.Context())
		if err != nil || (got == "yes") != want {
			t.Errorf("the answer %q reads as %q, %v; want consent %v", answer, got, err, want)
		}
	}
}

// TestScreen checks that drawing depends on the locale and on TERM.
func TestScreen(t *testing.T) {
	window := openTerminal(t)
	for _, c := range []struct {
		variables map[string]string
		want      bool
	}{
		{nil, true},
		{map[string]string{"LANG": "en_US.UTF-8"}, true},
		{map[string]string{"LANG": "C.utf8"}, true},
		{map[string]string{"LANG": "C"}, false},
		{map[string]string{"LANG": "de_DE.ISO-8859-1"}, false},
		{map[string]string{"LC_ALL": "C", "LANG": "en_US.UTF-8"}, false},
		{map[string]string{"LC_ALL": "", "LC_CTYPE": "en_US.UTF-8", "LANG": "C"}, true},
		{map[string]string{"TERM": "dumb"}, false},
	} {
		p := &program{Terminal: &terminal.Terminal{Err: window}, Process: &process.Process{Getenv: func(name string) string { return c.variables[name] }}}
		if _, drawn := p.screen(); drawn != c.want {
			t.Errorf("%v: drawn %v, want %v", c.variables, drawn, c.want)
		}
	}
}

// TestWidth checks that only a terminal has a width.
func TestWidth(t *testing.T) {
	master, slave := openBoth(t)
	if err := unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 20, Col: 57}); err != nil {
		t.Fatal(err)
	}
	if got := (&program{Terminal: &terminal.Terminal{Out: slave}}).Width(); got != 57 {
		t.Errorf("a terminal of 57 columns is %d wide", got)
	}
	if got := (&program{Terminal: &terminal.Terminal{Out: new(bytes.Buffer)}}).Width(); got != 0 {
		t.Errorf("a pipe is %d wide", got)
	}
}
