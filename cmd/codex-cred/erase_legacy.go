package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

// codexToo is the value of --legacy that also deletes Codex's own sign-in.
const codexToo = "codex"

// legacyFlag returns --legacy, whose value is optional, unlike that of a string
// flag.
func legacyFlag() *cli.GenericFlag {
	return &cli.GenericFlag{
		Name: "legacy", Value: &legacyValue{},
		Usage: "also what older tools left; with =`" + codexToo + "` Codex's own sign-in too",
	}
}

// A legacyValue is the value of --legacy: empty if the flag is not given,
// "true", or codexToo.
type legacyValue struct{ word string }

// Set implements cli.Generic.
func (v *legacyValue) Set(word string) error {
	if word != "true" && word != codexToo {
		return fmt.Errorf("it has no value but %s", codexToo)
	}
	v.word = word
	return nil
}

// String implements cli.Generic.
func (v *legacyValue) String() string { return v.word }

// IsBoolFlag makes the value optional.
func (v *legacyValue) IsBoolFlag() bool { return true }

// legacyOf returns the value of --legacy on the command line.
func legacyOf(c *cli.Context) string {
	if v, ok := c.Generic("legacy").(*legacyValue); ok {
		return v.word
	}
	return ""
}

// older deletes what older tools left, or lists it with --dry-run. It asks the
// user first, unless asked is set.
func (e *eraser) older(ctx context.Context, word string, asked bool) ([]*receipt, error) {
	list, err := e.ofOlderTools(ctx, word == codexToo)
	if err != nil {
		return nil, err
	}
	r := &receipt{Title: "older tools"}
	if len(list) == 0 {
		e.Warn("nothing of older tools was found")
		return []*receipt{r}, nil
	}
	if e.dryRun {
		r.lookAll(ctx, list)
		return []*receipt{r}, nil
	}
	if !asked {
		names := make([]string, 0, len(list))
		for _, a := range list {
			names = append(names, "\n  "+a.kind+": "+terminal.Sanitize(a.where))
		}
		question := fmt.Sprintf("Delete %s of older tools?%s\nNo account of ours is touched. Type yes: ",
			terminal.Plural(len(list), "leftover"), strings.Join(names, ""))
		if err := e.ask(ctx, question, "the deletion of what older tools left"); err != nil {
			return nil, err
		}
	}
	for _, a := range list {
		r.remove(ctx, a)
	}
	r.emptied()
	return []*receipt{r}, ctx.Err()
}
