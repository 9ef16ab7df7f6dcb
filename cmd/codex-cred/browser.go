package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/cli/browser"
)

// hasBrowser reports whether a browser that a person sees can be opened here.
// Over ssh it would open on the other end, where nobody sits.
func (p *program) hasBrowser() bool {
	switch {
	case p.getenv("BROWSER") != "", p.getenv("DISPLAY") != "", p.getenv("WAYLAND_DISPLAY") != "":
		return true
	case p.getenv("SSH_CONNECTION") != "":
		return false
	case runtime.GOOS == "windows", runtime.GOOS == "darwin":
		return true
	}
	_, err := exec.LookPath("wslview") // opens the browser of the Windows around us
	return err == nil
}

// readyToStart has package os try out how processes are started. It does so once,
// in a child that shares our memory and whose signals are not held back: a Ctrl-C
// at that instant would crash us both.
func readyToStart() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Release()
	}
}

// openBrowser shows the URL to the person: with $BROWSER, a list of commands
// separated as in $PATH in which %s stands for the URL, else as the system does.
func (p *program) openBrowser(ctx context.Context, url string) error {
	defer p.asPerson()()
	choices := p.getenv("BROWSER")
	if choices == "" {
		return openDefault(url)
	}
	var err error
	for _, choice := range filepath.SplitList(choices) {
		if err = start(ctx, choice, url); err == nil {
			return nil
		}
	}
	return fmt.Errorf("open $BROWSER: %w", err)
}

// openDefault gives the browser files, not pipes, for its output: it may
// outlive this process, and writing to a broken pipe would end it.
func openDefault(url string) error {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("open the browser: %w", err)
	}
	browser.Stdout, browser.Stderr = null, null
	if err := withoutOurs(func() error { return browser.OpenURL(url) }); err != nil {
		return fmt.Errorf("open the browser: %w", err)
	}
	return null.Close()
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
	cmd.Env = forBrowser(os.Environ())
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}
