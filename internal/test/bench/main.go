//go:build unix

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

func main() { os.Exit(start()) }

func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := browse(ctx)
	if errors.Is(err, errNoBrowser) {
		err = runMain(ctx, os.Args[1:], os.Stdout, os.Stderr)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case ctx.Err() != nil:
		err = errors.New("interrupted")
	}
	_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
	return 1
}

// errNoBrowser means that this process is not the browser.
var errNoBrowser = errors.New("no browser")

// browse acts as the browser of the sign-in if this process was started as it.
func browse(ctx context.Context) error {
	if os.Getenv(browseVariable) == "" {
		return errNoBrowser
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return authserver.Browse(ctx, os.Args[1])
}

// options are those of the command line.
type options struct {
	plan   plan
	json   string
	readme bool
}

func runMain(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	res, err := bench(ctx, o.plan, stderr)
	if err != nil {
		return err
	}
	switch o.json {
	case "":
	case "-":
		return res.writeJSON(stdout)
	default:
		return writeFile(o.json, res.writeJSON)
	}
	if !o.readme {
		return res.writeMarkdown(stdout)
	}
	var b strings.Builder
	res.boundTable(&b)
	_, err = io.WriteString(stdout, b.String())
	return err
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		say(stderr, "go run ./internal/test/bench [flags]\n\nMeasure codex-cred on this machine. Nothing of yours is touched.\n")
		f.PrintDefaults()
		say(stderr, "\ngo run ./internal/test/bench\ngo run ./internal/test/bench -quick -only file\ngo run ./internal/test/bench -json result.json")
	}
	rounds := f.Int("n", 200, "`rounds`; in each every program runs once")
	quick := f.Bool("quick", false, "20 rounds and small herds, unless -n says more")
	f.StringVar(&o.plan.only, "only", "", "measure one `store`: file or keychain")
	f.StringVar(&o.json, "json", "", "write JSON to the `file`, or to standard output if it is -, instead of Markdown")
	f.BoolVar(&o.readme, "readme", false, "print only the table that README.md has")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.plan.rounds, o.plan.stresses = *rounds, []int{1, 10, 100, 500}
	if *quick {
		o.plan.rounds, o.plan.stresses = 20, []int{1, 10, 50}
		f.Visit(func(given *flag.Flag) {
			if given.Name == "n" {
				o.plan.rounds = *rounds
			}
		})
	}
	switch {
	case f.NArg() > 0:
		err = fmt.Errorf("it takes no argument %q; see: go run ./internal/test/bench -h", f.Arg(0))
	case o.plan.rounds < 1:
		err = errors.New("-n takes a number from 1 on")
	case o.plan.only != "" && o.plan.only != storeFile && o.plan.only != storeKeychain:
		err = fmt.Errorf("-only takes %s or %s", storeFile, storeKeychain)
	}
	return o, err
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path) //nolint:gosec // the person's choice
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
