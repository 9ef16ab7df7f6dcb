package terminal

import (
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var out strings.Builder
	now := time.Unix(1_800_000_000, 0)
	g := &Progress{out: &out, now: func() time.Time { return now }, doing: "erasing accounts", total: 1000, told: now}
	for range 10 {
		g.Step()
	}
	if out.Len() > 0 {
		t.Errorf("told within the first second: %q", out.String())
	}
	now = now.Add(time.Second)
	g.Step()
	g.Step()
	now = now.Add(time.Second)
	g.Step()
	g.End()
	g.End()
	if want := "\rerasing accounts: 11 of 1000\rerasing accounts: 13 of 1000\r" + strings.Repeat(" ", 28) + "\r"; out.String() != want {
		t.Errorf("told %q, want %q", out.String(), want)
	}
}

func TestProgressTellsNoPipe(t *testing.T) {
	var out strings.Builder
	now := time.Unix(1_800_000_000, 0)
	p := &Terminal{Err: &out, Now: func() time.Time { return now }}
	g := p.Progress("erasing accounts", 2)
	now = now.Add(time.Minute)
	g.Step()
	g.End()
	if out.Len() > 0 {
		t.Errorf("told a pipe %q", out.String())
	}
}

// What is told meanwhile stands on a line of its own.
func TestProgress_Warn(t *testing.T) {
	var out strings.Builder
	now := time.Unix(1_800_000_000, 0)
	p := &Terminal{Err: &out, Now: func() time.Time { return now }}
	g := p.Progress("erasing accounts", 2)
	g.out = &out // as if it were a terminal
	now = now.Add(time.Second)
	g.Step()
	p.Warn("something")
	if want := "\rerasing accounts: 1 of 2\r" + strings.Repeat(" ", 24) + "\rcodex-cred: something\n"; out.String() != want {
		t.Errorf("told %q, want %q", out.String(), want)
	}
}
