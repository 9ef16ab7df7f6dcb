//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// An other is an independent program, if it is installed.
type other struct {
	tool    string
	store   string
	prepare func(l *lab, ctx context.Context, tool string) (program, error)
}

func others() []other {
	return []other{
		{"secret-tool", storeKeychain, (*lab).secretTool},
		{"docker-credential-secretservice", storeKeychain, (*lab).dockerHelper},
		{"gh", storeFile, (*lab).gh},
		{"git", storeFile, (*lab).git},
	}
}

// otherPrograms returns those that are installed and work. Each runs as a copy, as ours do.
func (l *lab) otherPrograms(ctx context.Context) []program {
	var all []program
	for _, o := range others() {
		if !l.has(o.store) {
			continue
		}
		p, err := l.other(ctx, o)
		if err != nil {
			l.missing = append(l.missing, fmt.Sprintf("%s: %v", o.tool, err))
			continue
		}
		all = append(all, p)
	}
	return all
}

func (l *lab) other(ctx context.Context, o other) (program, error) {
	path, err := exec.LookPath(o.tool)
	if err != nil {
		return program{}, err
	}
	if err := l.copyIn(path, o.tool); err != nil {
		return program{}, err
	}
	p, err := o.prepare(l, ctx, l.bin(o.tool))
	if err != nil {
		return program{}, err
	}
	return p, p.check(ctx)
}

func (l *lab) secretTool(_ context.Context, tool string) (program, error) {
	item, err := l.item()
	return l.program(nameSecretTool, storeKeychain, tool, "lookup", "service", "codex-cred", "username", item), err
}

// dockerHelper stores an item as long as a token in docker's own helper.
func (l *lab) dockerHelper(ctx context.Context, tool string) (program, error) {
	random := make([]byte, 2000)
	_, _ = rand.Read(random) // never fails
	secret := base64.StdEncoding.EncodeToString(random)
	cmd := exec.CommandContext(ctx, tool, "store")
	cmd.Env = l.env(storeKeychain)
	cmd.Stdin = strings.NewReader(fmt.Sprintf(`{"ServerURL":"https://%s","Username":"bench","Secret":%q}`, host, secret))
	if out, err := cmd.CombinedOutput(); err != nil {
		return program{}, fmt.Errorf("%s store: %w\n%s", filepath.Base(tool), err, out)
	}
	asked, err := l.file("docker-url.in", "https://"+host)
	p := l.program("docker-credential-secretservice get", storeKeychain, tool, "get").reading(asked)
	p.wants = secret
	return p, err
}

// gh reads its token from a file: a gh that uses the keychain takes longer.
func (l *lab) gh(_ context.Context, tool string) (program, error) {
	const token = "gho_benchbenchbenchbenchbenchbenchbench0" //nolint:gosec // not a real token
	dir := filepath.Join(l.dir, "home", "gh")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return program{}, err
	}
	_, err := l.file("gh/hosts.yml", "github.com:\n    oauth_token: "+token+"\n    user: bench\n    git_protocol: https\n")
	p := l.program(nameGh, storeFile, tool, "auth", "token")
	p.env = append(p.env, "GH_CONFIG_DIR="+dir, "GH_NO_UPDATE_NOTIFIER=1")
	p.wants = token
	return p, err
}

// git asks its own helper that keeps passwords in a file.
func (l *lab) git(_ context.Context, tool string) (program, error) {
	const password = "bench-password"
	store, err := l.file("git-credentials", "https://bench:"+password+"@"+host+"\n")
	if err != nil {
		return program{}, err
	}
	config, err := l.file("gitconfig", "[credential]\n\thelper = store --file "+store+"\n")
	p := l.program("git credential fill (helper store)", storeFile, tool, "credential", "fill").reading(filepath.Join(l.dir, "home", "git.in"))
	p.env = append(p.env, "GIT_CONFIG_GLOBAL="+config, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0")
	p.wants = password
	return p, err
}
