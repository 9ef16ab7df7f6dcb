package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/cli/browser"
)

// openBrowser shows the URL to the person: with $BROWSER, a list of commands
// separated as in $PATH in which %s stands for the URL, else as the system does.
func (p *program) openBrowser(ctx context.Context, url string) error {
	choices := p.getenv("BROWSER")
	if choices == "" {
		browser.Stdout, browser.Stderr = io.Discard, io.Discard
		if err := browser.OpenURL(url); err != nil {
			return fmt.Errorf("open the browser: %w", err)
		}
		return nil
	}
	var err error
	for _, choice := range filepath.SplitList(choices) {
		if err = start(ctx, choice, url); err == nil {
			return nil
		}
	}
	return fmt.Errorf("open $BROWSER: %w", err)
}

// start runs the command and does not wait for it: many browsers stay until
// their window is closed.
func start(ctx context.Context, command, url string) error {
	words := strings.Fields(command)
	if len(words) == 0 {
		return fmt.Errorf("the command is empty")
	}
	placed := false
	for i, word := range words {
		if strings.Contains(word, "%s") {
			words[i], placed = strings.ReplaceAll(word, "%s", url), true
		}
	}
	if !placed {
		words = append(words, url)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), words[0], words[1:]...) //nolint:gosec // $BROWSER is the person's own choice
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}
