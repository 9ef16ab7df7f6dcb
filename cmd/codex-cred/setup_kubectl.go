package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/internal/config/yamledit"
)

const (
	kubeVariable = "KUBECONFIG"
	kubeUsers    = "users"
	// execVersion is the version of the credential protocol that kubectl uses.
	execVersion = "client.authentication.k8s.io/v1"
	// useKubeUser makes a context send our token. Only the user knows which context to change.
	useKubeUser = "kubectl config set-context --current --user=" + codexProvider
)

// kubectlClient adds a user to the kubeconfig. It edits the file itself: kubectl rewrites the whole
// file, which could then not be restored byte for byte.
func kubectlClient() client {
	c := client{
		name: "kubectl", anywhere: "whatever cluster a context names", snippet: kubectlSnippet, verify: verifyKubectl,
	}
	c = editing(c, func(_ context.Context, s *setup) ([]configEdit, error) {
		path, err := s.kubeConfig()
		return []configEdit{
			{path: path, blank: "apiVersion: v1\nkind: Config\n", put: s.putKubeUser, take: takeKubeUser},
		}, err
	})
	change := c.write
	c.write = func(ctx context.Context, s *setup) error {
		if err := change(ctx, s); err != nil {
			return err
		}
		s.Warn("now let the account answer the cluster: %s", s.addCluster(ctx))
		s.Warn("then let a context use it: %s", useKubeUser)
		return nil
	}
	return c
}

func kubectlSnippet(ctx context.Context, s *setup) (string, error) {
	return fmt.Sprintf("# once: %s\n"+
		"kubectl config set-credentials %s --exec-api-version=%s --exec-provide-cluster-info \\\n"+
		"  --exec-command=%s --exec-arg=helper --exec-arg=kubernetes --exec-arg=%s --exec-interactive-mode=Never\n",
		s.addCluster(ctx), codexProvider, execVersion, fault.Quote(s.Command), s.Account), nil
}

// addCluster returns the command that assigns the cluster to the account.
func (s *setup) addCluster(ctx context.Context) string {
	command := fault.Quote(s.Command) + " host add https://CLUSTER:PORT " + s.Account
	if rec, err := s.Records.Read(ctx, s.Account); err == nil && wire.ChatGPT(rec.Credential) {
		command += " --allow-foreign-host"
	}
	return command
}

// kubeConfig returns the path of the first file that kubectl reads.
func (s *setup) kubeConfig() (string, error) {
	for _, path := range filepath.SplitList(s.Getenv(kubeVariable)) {
		if path != "" {
			return filepath.Abs(path)
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fault.WithHint(err, "set HOME")
	}
	return filepath.Join(home, ".kube", "config"), nil
}

// A kubeUser is a user in the kubeconfig, with every field that kubectl writes.
type kubeUser struct {
	Name string
	User struct{ Exec kubeExec }
}

type kubeExec struct {
	APIVersion         string `yaml:"apiVersion"`
	Args               []string
	Command            string
	Env                any
	InteractiveMode    string `yaml:"interactiveMode"`
	ProvideClusterInfo bool   `yaml:"provideClusterInfo"`
}

func (s *setup) kubeUser() kubeUser {
	u := kubeUser{Name: codexProvider}
	u.User.Exec = kubeExec{
		APIVersion: execVersion, Command: s.Command, InteractiveMode: "Never", ProvideClusterInfo: true,
		Args: []string{helperName, "kubernetes", s.Account},
	}
	return u
}

func (s *setup) putKubeUser(content []byte, replace bool) (edited []byte, replaced []string, err error) {
	byHand := "run instead what this prints: codex-cred setup kubectl " + s.Account
	there, same, err := yamledit.Inspect(content, kubeUsers, codexProvider, s.kubeUser())
	switch {
	case err != nil:
		return nil, nil, fault.WithHint(err, byHand)
	case same:
		return content, nil, nil
	case there && !replace:
		return nil, nil, &otherValueError{[]string{kubeUsers + "." + codexProvider}}
	case there:
		replaced = []string{kubeUsers + "." + codexProvider}
		if content, err = takeKubeUser(content); err != nil {
			return nil, nil, err
		}
	}
	if edited, err = yamledit.Insert(content, kubeUsers, codexProvider, s.kubeUser()); err != nil {
		return nil, nil, fault.WithHint(err, byHand)
	}
	return edited, replaced, nil
}

// takeKubeUser removes the user with our name, because no other program uses that name.
func takeKubeUser(content []byte) ([]byte, error) {
	edited, err := yamledit.Remove(content, kubeUsers, codexProvider)
	if err != nil {
		return nil, fault.WithHint(err, "run instead: kubectl config delete-user "+codexProvider)
	}
	return edited, nil
}
