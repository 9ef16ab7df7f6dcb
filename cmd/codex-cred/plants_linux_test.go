package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/refresh"
)

// written returns the encodings in which a program may write a secret. Base64 has three forms,
// which depend on the number of preceding bytes.
func written() map[string]func(string) string {
	list := map[string]func(string) string{
		"plain":       func(s string) string { return s },
		"hexadecimal": func(s string) string { return hex.EncodeToString([]byte(s)) },
		"percent":     func(s string) string { return "%" + strings.ReplaceAll(fmt.Sprintf("% X", s), " ", "%") },
	}
	for before := range 3 {
		list[fmt.Sprintf("base64 after %d bytes", before)] = func(s string) string {
			return base64.StdEncoding.EncodeToString([]byte("::"[:before] + s))
		}
		list[fmt.Sprintf("base64url after %d bytes", before)] = func(s string) string {
			return base64.RawURLEncoding.EncodeToString([]byte("::"[:before] + s))
		}
	}
	return list
}

// secretsOfASignIn returns one secret of each kind.
func (c *canary) secretsOfASignIn() map[string]string {
	c.t.Helper()
	list := map[string]string{"state": c.server.States()[0]}
	issued := map[string]string{}
	for _, e := range c.server.Log() {
		issued[e.IssuedAccess], issued[e.IssuedRefresh] = "access token", "refresh token"
	}
	for _, secret := range c.server.Secrets() {
		if kind := issued[authserver.Digest(secret)]; kind != "" && list[kind] == "" {
			list[kind] = secret
		}
	}
	return list
}

// TestCanary_FindsPlants writes each secret in each encoding to a place where none may be, and
// checks that the scan finds it.
func TestCanary_FindsPlants(t *testing.T) {
	t.Parallel()
	c := newCanary(t, refresh.ProfileOAuth, home.StoreFile, 0, 0)
	for kind, secret := range c.secretsOfASignIn() {
		for form, write := range written() {
			file := filepath.Join(c.temp, "x")
			must(t, os.WriteFile(file, []byte("a="+write(secret)), 0o600))
			if leaks := c.inTemp(); len(leaks) == 0 {
				t.Errorf("%s, %s: not found in a file of TMPDIR", kind, form)
			}
			must(t, os.Remove(file))
		}
	}
	if leaks := c.inTemp(); len(leaks) > 0 {
		t.Errorf("found in an empty TMPDIR: %q", leaks)
	}
}

// TestCanary_FindsPlantsInExecutions starts children with a secret in their arguments or their
// environment, under strace, and checks that the scan finds it.
func TestCanary_FindsPlantsInExecutions(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("strace")
	parts.Need(t, "strace", err)
	c := newCanary(t, refresh.ProfileOAuth, home.StoreFile, 0, 0)
	for kind, secret := range c.secretsOfASignIn() {
		for form, write := range written() {
			for _, place := range []string{"arguments", "environment"} {
				leaks := c.inExecutions([]string{"get", "work"}, c.children(place, write(secret)))
				if !slices.ContainsFunc(leaks, func(leak string) bool { return strings.HasPrefix(leak, place) }) {
					t.Errorf("%s, %s: not found in the %s of a child: %q", kind, form, place, leaks)
				}
			}
		}
	}
}

// TestCanary_ExecMayPass checks that exec may pass the access token to its command in the
// environment, and that this is the only exception.
func TestCanary_ExecMayPass(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("strace")
	parts.Need(t, "strace", err)
	c := newCanary(t, refresh.ProfileOAuth, home.StoreFile, 0, 0)
	asked := []string{"exec", "work", "--", "env", "-u", "A"}
	for kind, secret := range c.secretsOfASignIn() {
		leaks := c.inExecutions(asked, c.children("environment", secret))
		if found := len(leaks) > 0; found != (kind != "access token") {
			t.Errorf("%s in the environment of the command: found %q", kind, leaks)
		}
		if leaks := c.inExecutions(asked, c.children("arguments", secret)); len(leaks) == 0 {
			t.Errorf("%s in its arguments: not found", kind)
		}
		if leaks := c.inExecutions(asked[:5], c.children("environment", secret)); len(leaks) == 0 {
			t.Errorf("%s in the environment of another command: not found", kind)
		}
	}
}

// children runs env under strace, with the text in its arguments or its environment.
func (c *canary) children(place, text string) map[string][]string {
	c.t.Helper()
	script := "A='" + text + "' exec env -u A"
	if place == "arguments" {
		script = "exec env -u A='" + text + "'"
	}
	path, log := filepath.Join(c.t.TempDir(), "script"), filepath.Join(c.t.TempDir(), "trace")
	must(c.t, os.WriteFile(path, []byte(script), 0o600))
	r := &run{Cmd: exec.CommandContext(c.t.Context(), "/bin/sh", path)}
	underStrace(c.t, r, networkCalls, log)
	if out, err := r.CombinedOutput(); err != nil && place == "environment" {
		c.t.Fatalf("start a child: %v\n%s", err, out)
	}
	return readTrace(c.t, log)
}

// TestExecutionIn checks the parser of strace's execve lines.
func TestExecutionIn(t *testing.T) {
	for call, want := range map[string]string{
		`execve("/bin/a", ["a", "b \"]\\", "[c"], ["K=V, ]"]) = 0`:         `[["a" "b \\\"]\\\\" "[c"] ["K=V, ]"]]`,
		`execve("/bin/a", [], []) = -1 ENOENT (No such file or directory)`: `[[] []]`,
		`execveat(3, "", ["a"], ["K=V"], AT_EMPTY_PATH) = 0`:               `[["a"] ["K=V"]]`,
		`execve("/bin/a", ["a"], 0x7ffd /* 12 vars */) = 0`:                "error",
		`execve("/bin/a", ["a", "bcd"...], ["K=V"]) = 0`:                   "error",
		`execve("/bin/a", ["a", ...], ["K=V"]) = 0`:                        "error",
		`execve("/bin/a", ["a", "b`:                                        "error",
		`execve(0x1, NULL, NULL) = -1 EFAULT (Bad address)`:                "error",
	} {
		e, err := executionIn(call)
		got := fmt.Sprintf("[%q %q]", e.argv, e.env)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: %s, %v, want %s", call, got, err, want)
		}
	}
}
