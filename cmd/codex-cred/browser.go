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

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
)

// hasBrowser reports whether a browser that a person sees can be opened here.
// Over ssh it would open on the other end, where nobody sits.
func (p *program) hasBrowser() bool { return browserOn(runtime.GOOS, p.Getenv, windowsBrowser()) }

// browserOn is hasBrowser for a system, with the command of the Windows around it.
func browserOn(system string, getenv func(string) string, windows string) bool {
	switch {
	case getenv("BROWSER") != "", hasDisplay(getenv):
		return true
	case getenv("SSH_CONNECTION") != "":
		return false
	}
	return system == "windows" || system == "darwin" || windows != ""
}

func hasDisplay(getenv func(string) string) bool {
	return getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != ""
}

// windowsBrowser is the command that opens the browser of the Windows around us, in
// WSL: wslu's, else Windows' own, which is in PATH there and takes a URL as it is.
// Elsewhere it is nothing.
func windowsBrowser() string {
	for _, command := range []string{"wslview", "rundll32.exe url.dll,FileProtocolHandler"} {
		name, _, _ := strings.Cut(command, " ")
		if _, err := exec.LookPath(name); err == nil && runtime.GOOS == "linux" {
			return command
		}
	}
	return ""
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
	defer p.Unprotect()()
	choices := p.Getenv("BROWSER")
	if windows := windowsBrowser(); choices == "" && windows != "" && !hasDisplay(p.Getenv) {
		return start(ctx, windows, url)
	}
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
	if err := process.RunWithoutOurs(func() error { return browser.OpenURL(url) }); err != nil {
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
	cmd := exec.CommandContext(context.WithoutCancel(ctx), words[0], words[1:]...) //nolint:gosec // set by the user
	cmd.Env = process.WithoutOurs(os.Environ())
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}
