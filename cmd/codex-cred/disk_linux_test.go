package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/leakscan"
)

// known is what was seen of the account. Its values only increase.
type known struct {
	id                helper.ID
	account, credence uint64 // generations of the account's file and of the credential
}

// account reads the account's file.
func (s *scene) account() helper.Account {
	s.t.Helper()
	a, err := accountdir.New(s.root, time.Now).Load("work")
	must(s.t, err)
	return a
}

// credential reads the credential from its file.
func (s *scene) credential(id helper.ID) helper.Credential {
	s.t.Helper()
	item, _, err := fallbackfile.New(s.root).Get(s.t.Context(), string(id))
	must(s.t, err)
	c, err := helper.Decode(item)
	must(s.t, err)
	return c
}

// inspect checks the invariants of the files on disk, which hold at every instant.
func (s *scene) inspect(when string) {
	s.t.Helper()
	a := s.account()
	if s.known.id != "" && a.ID != s.known.id {
		s.t.Errorf("%s: the account has another sign-in", when)
	}
	now := known{id: a.ID, account: a.Generation, credence: s.known.credence}
	if s.store == home.StoreFile {
		now.credence = s.credential(a.ID).Generation
	}
	if now.account < s.known.account || now.credence < s.known.credence {
		s.t.Errorf("%s: generation fell: %+v after %+v", when, now, s.known)
	}
	s.known = now
	if _, err := journal.New(s.root).Read(a.ID, nil); err != nil && !errors.Is(err, helper.ErrNotFound) {
		s.t.Errorf("%s: %v", when, err)
	}
	must(s.t, filepath.WalkDir(s.root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		for _, problem := range s.problems(path, d) {
			s.t.Errorf("%s: %s: %s", when, path, problem)
		}
		return nil
	}))
	s.inspectSecrets(when)
}

// problems returns what is wrong with a file or folder below the root.
func (s *scene) problems(path string, d os.DirEntry) []string {
	info, err := d.Info()
	if err != nil {
		return []string{err.Error()}
	}
	want := os.FileMode(0o600)
	if d.IsDir() {
		want = os.ModeDir | 0o700
	}
	if info.Mode() != want {
		return []string{fmt.Sprintf("its mode is %s", info.Mode())}
	}
	torn := s.torn && strings.HasPrefix(d.Name(), ".") && strings.HasSuffix(d.Name(), ".tmp")
	if !torn && !s.expected(path, d) {
		return []string{"it should not be here"}
	}
	if strings.Contains(path, "/locks/") && info.Size() > 0 {
		return []string{"it is not empty"}
	}
	return nil
}

// expected reports whether the account may have this file or folder.
func (s *scene) expected(path string, d os.DirEntry) bool {
	id := string(s.known.id)
	inFolder, _ := filepath.Rel(s.root, path)
	switch filepath.Dir(inFolder) {
	case ".":
		return d.IsDir()
	case "accounts":
		return d.Name() == "work.json" || d.Name() == ".lock"
	case "locks":
		return strings.HasPrefix(d.Name(), id) || d.Name() == "signin-work.lock"
	case "credentials", "journal":
		return strings.HasPrefix(d.Name(), id)
	}
	return false
}

// inspectSecrets checks that no file contains a secret, except the credentials of the file store.
func (s *scene) inspectSecrets(when string) {
	s.t.Helper()
	places := []string{s.home}
	if s.store == home.StoreFile {
		places = []string{filepath.Join(s.root, "accounts"), filepath.Join(s.root, "locks"), filepath.Join(s.root, "journal")}
	}
	for _, place := range places {
		if _, err := os.Stat(place); errors.Is(err, os.ErrNotExist) {
			continue
		}
		for _, leak := range leakscan.Tree(s.secrets(), place) {
			s.t.Errorf("%s: %s", when, leak)
		}
	}
}

func (s *scene) secrets() []string {
	secrets := s.server.Secrets()
	list := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		list = append(list, leakscan.RandomParts(secret)...)
	}
	return list
}

// inspectProcess checks that what other users may read of the process contains no secret.
func (s *scene) inspectProcess(pid int) {
	s.t.Helper()
	for _, file := range []string{"cmdline", "environ"} {
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
		if errors.Is(err, os.ErrPermission) {
			continue // other users cannot read it either
		}
		must(s.t, err)
		for _, leak := range leakscan.Scan(s.secrets(), file, content) {
			s.t.Error(leak)
		}
	}
}
