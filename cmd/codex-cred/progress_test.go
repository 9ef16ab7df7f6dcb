package main

import (
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var out strings.Builder
	now := time.Unix(1_800_000_000, 0)
	g := &progress{out: &out, now: func() time.Time { return now }, doing: "erasing accounts", total: 1000, told: now}
	for range 10 {
		g.step()
	}
	if out.Len() > 0 {
		t.Errorf("told within the first second: %q", out.String())
	}
	now = now.Add(time.Second)
	g.step()
	g.step()
	now = now.Add(time.Second)
	g.step()
	g.end()
	if want := "\rerasing accounts: 11 of 1000\rerasing accounts: 13 of 1000\r\x1b[K"; out.String() != want {
		t.Errorf("told %q, want %q", out.String(), want)
	}
}

func TestProgressTellsNoPipe(t *testing.T) {
	var out strings.Builder
	now := time.Unix(1_800_000_000, 0)
	p := &program{stderr: &out, now: func() time.Time { return now }}
	g := p.progress("erasing accounts", 2)
	now = now.Add(time.Minute)
	g.step()
	g.end()
	if out.Len() > 0 {
		t.Errorf("told a pipe %q", out.String())
	}
}
