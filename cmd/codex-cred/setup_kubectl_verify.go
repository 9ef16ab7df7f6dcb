package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
)

// verifyKubectl adds a file to kubectl's config with a context that combines our user with a host
// of the account as its cluster. The user's own clusters, proxies and certificates are not
// involved. The recording server is the proxy for the host and answers in its place.
func verifyKubectl(ctx context.Context, s *setup) error {
	const file = "witness.yaml"
	host, err := s.answeredHost()
	if err != nil {
		return err
	}
	config := s.Getenv(kubeVariable)
	if config == "" {
		if config, err = s.kubeConfig(); err != nil {
			return err
		}
	}
	paths := filepath.SplitList(config)
	for i, path := range paths { // kubectl runs in another directory
		if whole, err := filepath.Abs(path); path != "" && err == nil {
			paths[i] = whole
		}
	}
	config = strings.Join(append(paths, file), string(os.PathListSeparator))
	return s.tryClient(ctx, trialRun{
		program: "kubectl", contentType: "application/json", answer: "{}", proxied: host,
		file: func(w *recordingServer) (string, string) { return file, kubeWitness(w, host) },
		args: func(string) []string {
			return []string{"get", "--raw", "/", "--context=" + witnessName, "--request-timeout=60s"}
		},
		environment: func(string) []string { return []string{kubeVariable + "=" + config} },
		hint:        s.putRight(),
	})
}

// answeredHost returns a host of the account that can be a cluster.
func (s *setup) answeredHost() (wire.Host, error) {
	rows, err := s.Hosts.Rows()
	if err != nil {
		return wire.Host{}, err
	}
	for _, r := range rows {
		if r.Account == s.Account && r.Host.Secure() && !r.Host.ChatGPT() {
			return r.Host, nil
		}
	}
	return wire.Host{}, helper.ForAccount(
		s.Account,
		fault.WithHint(errors.New("it answers no cluster"), "run: codex-cred host add https://CLUSTER:PORT "+s.Account),
	)
}

// witnessName is the name of the recording server in kubectl's config.
const witnessName = "codex-cred-verify"

func kubeWitness(w *recordingServer, host wire.Host) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: %[1]s
  cluster: {server: %[2]q, proxy-url: %[3]q, certificate-authority-data: %[4]s}
contexts:
- name: %[1]s
  context: {cluster: %[1]s, user: %[5]s}
`, witnessName, host.String(), w.url, base64.StdEncoding.EncodeToString(w.certificate), codexProvider)
}
