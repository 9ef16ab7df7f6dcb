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

// hasBrowser reports whether a browser can be opened where the user sees it.
// Over ssh it would open on the remote machine.
func (p *program) hasBrowser() bool { return browserOn(runtime.GOOS, p.Getenv, windowsBrowser()) }

// browserOn is hasBrowser for the given system. windows is the command that
// opens the Windows browser from WSL, or empty.
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

// windowsBrowser returns the command that opens the Windows browser from WSL:
// wslview of wslu, or rundll32, which is in PATH there and takes the URL as it
// is. Outside WSL it returns an empty string.
func windowsBrowser() string {
	for _, command := range []string{"wslview", "rundll32.exe url.dll,FileProtocolHandler"} {
		name, _, _ := strings.Cut(command, " ")
		if _, err := exec.LookPath(name); err == nil && runtime.GOOS == "linux" {
			return command
		}
	}
	return ""
}

// readyToStart makes package os probe how it can start processes. The probe
// runs once, in a child that shares this process's memory and does not block
// signals: a Ctrl-C during it would crash both. So it runs before the user has
// anything to interrupt.
func readyToStart() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Release()
	}
}

// openBrowser opens the URL in the user's browser. It runs $BROWSER, a list of
// commands separated as in $PATH with %s in place of the URL, or the system's
// default.
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

// openDefault gives the browser files, not pipes, for its output: the browser
// may outlive this process, and a write to a broken pipe would kill it.
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

// start runs the command and does not wait for it: many browsers run until
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
