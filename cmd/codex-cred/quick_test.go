package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

// byLibrary parses the command line with the library. ok is false if no command that returns a
// token would run. Parallel tests must not use it: the library has global flags.
func byLibrary(t *testing.T, args []string) (line tokenLine, ok bool) {
	t.Helper()
	p := &program{Terminal: &terminal.Terminal{Out: io.Discard, Err: io.Discard}, Process: &process.Process{Getenv: func(string) string { return "" }}}
	app := p.app()
	take := func(c *cli.Context) error {
		line, ok = lineOf(c), true
		return nil
	}
	for _, c := range app.Commands {
		switch c.Name {
		case getName:
			c.Action = take
		case helperName:
			for _, below := range c.Subcommands {
				below.Action = take
			}
		default:
			c.Action = func(*cli.Context) error { return nil }
		}
	}
	err := app.RunContext(t.Context(), reorder(args, app.Commands))
	return line, ok && err == nil
}

// sameLine checks that quickly and the library parse the line alike.
func sameLine(t *testing.T, args []string) (quick bool) {
	t.Helper()
	got, quick := (&program{Terminal: &terminal.Terminal{}}).quickly(args)
	if !quick {
		return false
	}
	want, ok := byLibrary(t, args)
	if !ok {
		t.Fatalf("%q is read quickly, and no command line of the library's", args)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(tokenLine{}, arguments{}, durationFlag{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%q (-library +quick):\n%s", args, diff)
	}
	return true
}

// TestQuickly checks that quickly parses the first rows, and leaves the unusual or wrong others to
// the library.
func TestQuickly(t *testing.T) {
	for _, c := range []struct {
		quick bool
		lines string
	}{
		{true, `get
			get work
			get work other
			get -
			get help
			get work -f json
			get --format=header work
			get -format curl
			get --f env --shell fish
			get work --min-ttl 5m --timeout=1h30m
			get --min-ttl -5m
			get --offline work --refresh
			get work --refresh --force
			get --force
			get --rejected-sha256 abc
			get --rejected-sha256= work
			helper git get
			helper git
			helper git help
			helper git store erase
			helper docker get --timeout 5s
			helper docker --min-ttl=1m list
			helper goauth https://gw.example
			helper kubernetes work
			helper claude`},
		{false, `
			version
			login work
			get --help
			get -h
			get --
			get -- work
			get work -- -f json
			get ---format json
			get -f
			get -f xml
			get -f json -f json
			get -f json --format json
			get --format=
			get --shell csh
			get --unknown
			get --refresh=true
			get --refresh --refresh
			get --min-ttl 5
			get --timeout
			get --generate-bash-completion
			helper
			helper --help
			helper git --help
			helper git get -f json
			get --refresh --force=true
			helper git --refresh get
			helper git --force get
			helper unknown get
			--version
			-v
			get --version`},
	} {
		for line := range strings.Lines(c.lines) {
			args := append([]string{ownProgram}, strings.Fields(line)...)
			if quick := sameLine(t, args); quick != c.quick {
				t.Errorf("%q: read quickly is %t, want %t", args, quick, c.quick)
			}
		}
	}
}

// TestQuickFlags checks every flag, also future ones: quickly parses it as the library does, or
// leaves it to the library.
func TestQuickFlags(t *testing.T) {
	p := &program{Terminal: &terminal.Terminal{}}
	commands := append([]*cli.Command{p.getCommand()}, p.helperCommand().Subcommands...)
	for _, c := range commands {
		names := []string{helperName, c.Name}
		if c.Name == getName {
			names = names[1:]
		}
		for _, flag := range c.Flags {
			for _, name := range flag.Names() {
				for _, value := range []string{"", "5m", "json", "fish"} {
					args := slices.Concat([]string{ownProgram}, names, []string{"--" + name, value})
					sameLine(t, args)
					sameLine(t, append(args[:len(args)-2:len(args)-2], "--"+name+"="+value))
				}
				if !standsAlone(flag) {
					continue
				}
				if !sameLine(t, slices.Concat([]string{ownProgram}, names, []string{"--" + name})) {
					t.Errorf("%q: the flag %q is not read quickly", names, name)
				}
			}
		}
	}
}

// FuzzQuickly builds command lines, a byte a word.
func FuzzQuickly(f *testing.F) {
	words := strings.Fields(`get helper git docker goauth claude work erase help - -- --help -h -v --version
		-f --f --format -format --format=json --f=env -f=curl json header token --shell --shell=fish sh
		--min-ttl --min-ttl=5m -min-ttl 5m -1s 1h2m --timeout --timeout=9s --timeout= 30
		--refresh --refresh=false --refresh=true -refresh --force --force=true --offline --rejected-sha256 --rejected-sha256=ab --unknown --=x ---f`)
	for _, seed := range [][]string{{"get", "work", "--min-ttl", "5m"}, {"helper", "git", "get", "--timeout=9s"}, {"get", "-f", "json", "--shell=fish", "--refresh"}} {
		b := make([]byte, 0, len(seed))
		for _, word := range seed {
			b = append(b, byte(slices.Index(words, word)))
		}
		f.Add(b, "x")
	}
	f.Fuzz(func(t *testing.T, choice []byte, other string) {
		if strings.Contains(other, "\x00") || len(choice) > 20 {
			return // an argument cannot contain a NUL
		}
		args := []string{ownProgram}
		for _, b := range choice {
			word := other
			if int(b) < len(words) {
				word = words[b]
			}
			args = append(args, word)
		}
		sameLine(t, args)
	})
}

// TestLate checks that a lazy context is created at its first use, and stopped only if it was
// created.
func TestLate(t *testing.T) {
	t.Parallel()
	parent, cancel := context.WithCancel(t.Context())
	made, stopped := 0, 0
	ctx, stop := newLazyContext(parent, func() (context.Context, context.CancelFunc) {
		made++
		ctx, end := context.WithCancel(parent)
		return ctx, func() { stopped++; end() }
	})
	stop()
	if ctx.Err() != nil || made != 0 || stopped != 0 {
		t.Fatalf("before: %v, made %d, stopped %d", ctx.Err(), made, stopped)
	}
	below, end := context.WithCancel(ctx)
	defer end()
	if made != 1 || ctx.Err() != nil {
		t.Fatalf("waited for: %v, made %d", ctx.Err(), made)
	}
	stop()
	<-below.Done()
	if ctx.Err() == nil || made != 1 || stopped != 1 {
		t.Errorf("stopped: %v, made %d, stopped %d", ctx.Err(), made, stopped)
	}
	cancel()
	unmade, _ := newLazyContext(parent, nil)
	if unmade.Err() == nil {
		t.Error("the end of the parent is not its end")
	}
}
