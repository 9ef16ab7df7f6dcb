package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/codex-cred/codex-cred/internal/yamledit"
)

const (
	kubeVariable = "KUBECONFIG"
	kubeUsers    = "users"
	// execVersion is that of the protocol in which kubectl is to ask.
	execVersion = "client.authentication.k8s.io/v1"
	// useKubeUser makes a context send our token; which one, only a person knows.
	useKubeUser = "kubectl config set-context --current --user=" + codexProvider
)

// kubectlClient has a user in its config. kubectl would write the whole file anew,
// so that it could not be taken back byte for byte.
func kubectlClient() client {
	c := client{name: "kubectl", anywhere: "whatever cluster a context names", snippet: kubectlSnippet, verify: verifyKubectl}
	c = editing(c, func(_ context.Context, s *setup) ([]configEdit, error) {
		path, err := s.kubeConfig()
		return []configEdit{{path: path, blank: "apiVersion: v1\nkind: Config\n", put: s.putKubeUser, take: takeKubeUser}}, err
	})
	change := c.write
	c.write = func(ctx context.Context, s *setup) error {
		if err := change(ctx, s); err != nil {
			return err
		}
		s.warn("now let a context use it: %s", useKubeUser)
		return nil
	}
	return c
}

func kubectlSnippet(_ context.Context, s *setup) (string, error) {
	return fmt.Sprintf("kubectl config set-credentials %s --exec-api-version=%s \\\n"+
		"  --exec-command=%s --exec-arg=helper --exec-arg=kubernetes --exec-arg=%s --exec-interactive-mode=Never\n",
		codexProvider, execVersion, quoted(s.Command), s.Account), nil
}

// kubeConfig is the file that kubectl looks into first.
func (s *setup) kubeConfig() (string, error) {
	for _, path := range filepath.SplitList(s.getenv(kubeVariable)) {
		if path != "" {
			return filepath.Abs(path)
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", withHint(err, "set HOME")
	}
	return filepath.Join(home, ".kube", "config"), nil
}

// A kubeUser is one of the kubeconfig, with all that kubectl itself writes.
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
		APIVersion: execVersion, Command: s.Command, InteractiveMode: "Never",
		Args: []string{helperName, "kubernetes", s.Account},
	}
	return u
}

func (s *setup) putKubeUser(content []byte, replace bool) (edited []byte, replaced []string, err error) {
	byHand := "run instead what this prints: codex-cred setup kubectl " + s.Account
	there, same, err := yamledit.Look(content, kubeUsers, codexProvider, s.kubeUser())
	switch {
	case err != nil:
		return nil, nil, withHint(err, byHand)
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
		return nil, nil, withHint(err, byHand)
	}
	return edited, replaced, nil
}

// takeKubeUser takes out whatever has the name of our user: nobody else uses it.
func takeKubeUser(content []byte) ([]byte, error) {
	edited, err := yamledit.Remove(content, kubeUsers, codexProvider)
	if err != nil {
		return nil, withHint(err, "run instead: kubectl config delete-user "+codexProvider)
	}
	return edited, nil
}

// verifyKubectl adds a file to kubectl's config that has a context with our user and
// the witness as the cluster, so that the person's clusters, with their proxies and
// certificates, are not asked for anything. It is the witness's TLS that makes
// kubectl run a plugin at all.
func verifyKubectl(ctx context.Context, s *setup) error {
	const file = "witness.yaml"
	config := s.getenv(kubeVariable)
	if config == "" {
		path, err := s.kubeConfig()
		if err != nil {
			return err
		}
		config = path
	}
	paths := filepath.SplitList(config)
	for i, path := range paths { // kubectl runs in another directory than we do
		if whole, err := filepath.Abs(path); path != "" && err == nil {
			paths[i] = whole
		}
	}
	config = strings.Join(append(paths, file), string(os.PathListSeparator))
	return s.tryClient(ctx, trialRun{
		program: "kubectl", contentType: "application/json", answer: "{}", secure: true,
		file: func(w *witness) (string, string) { return file, kubeWitness(w) },
		args: func(string) []string {
			return []string{"get", "--raw", "/", "--context=" + witnessName, "--request-timeout=60s"}
		},
		environment: func(string) []string { return []string{kubeVariable + "=" + config} },
		hint:        s.putRight(),
	})
}

// witnessName is what the witness is called in kubectl's config.
const witnessName = "codex-cred-verify"

func kubeWitness(w *witness) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: %[1]s
  cluster: {server: %[2]q, certificate-authority-data: %[3]s}
contexts:
- name: %[1]s
  context: {cluster: %[1]s, user: %[4]s}
`, witnessName, w.url, base64.StdEncoding.EncodeToString(w.certificate), codexProvider)
}
