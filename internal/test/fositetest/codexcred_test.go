package fositetest

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ory/fosite"
)

// short is a lifetime that an access token outlives by one run of the program.
const short = 3 * time.Second

func TestSignIn(t *testing.T) {
	s := newFixture(t, time.Hour)
	r := s.login("work")
	if !strings.Contains(r.stderr, "signed in as pe***@example.com") {
		t.Errorf("stderr is %q, want the masked e-mail address of fosite's id_token in it", r.stderr)
	}
	token := s.token("work")
	if !s.accepts(t, fosite.AccessToken, token) {
		t.Error("fosite does not accept the token that get prints")
	}
	rec := s.stored("work")
	c := rec.Credential
	if !s.accepts(t, fosite.RefreshToken, c.RefreshToken.Reveal()) {
		t.Error("fosite does not accept the refresh token that is stored")
	}
	if rec.Account.Store != "file" || rec.Account.Generation != 1 || c.Generation != 1 || c.Identity.Subject != subject {
		t.Errorf("stored: store %q, generations %d and %d, subject %q", rec.Account.Store, rec.Account.Generation, c.Generation, c.Identity.Subject)
	}
	if left := time.Until(c.Expiry); left < 59*time.Minute || left > time.Hour+time.Second {
		t.Errorf("the access token expires in %s, want an hour", left)
	}
	s.counts("authorization_code", 1)
	s.counts("refresh_token", 0)
}

// rotated checks that the account's tokens are valid and of that generation, and that its former
// refresh token is spent.
func (s *fixture) rotated(account string, generation uint64, spent string) {
	s.t.Helper()
	rec := s.stored(account)
	c := rec.Credential
	if c.Generation != generation || rec.Account.Generation != generation {
		s.t.Errorf("the generation is %d, in the account's file %d, want %d", c.Generation, rec.Account.Generation, generation)
	}
	if !s.accepts(s.t, fosite.AccessToken, c.AccessToken.Reveal()) || !s.accepts(s.t, fosite.RefreshToken, c.RefreshToken.Reveal()) {
		s.t.Error("fosite does not accept the tokens that are stored")
	}
	if s.accepts(s.t, fosite.RefreshToken, spent) {
		s.t.Error("the refresh token from before the rotation is not spent")
	}
}

func TestRotation(t *testing.T) {
	s := newFixture(t, time.Hour)
	s.login("work")
	first, spent := s.token("work"), s.stored("work").Credential.RefreshToken.Reveal()
	second := s.token("work", "--refresh")
	if second == first || !s.accepts(t, fosite.AccessToken, second) || s.accepts(t, fosite.AccessToken, first) {
		t.Error("get --refresh did not print a new token that replaces the first at fosite")
	}
	s.rotated("work", 2, spent)
	if s.token("work") != second {
		t.Error("the next get prints another token")
	}
	s.counts("refresh_token", 1)
	for want := uint64(3); want < 6; want++ {
		spent = s.stored("work").Credential.RefreshToken.Reveal()
		s.token("work", "--refresh")
		s.rotated("work", want, spent)
	}
}

func TestOneOfManyRefreshesAnExpiredToken(t *testing.T) {
	s := newFixture(t, short)
	s.login("work")
	c := s.stored("work").Credential
	s.expires(t, c.AccessToken.Reveal())
	s.lives(time.Hour)
	results := make([]result, 20)
	var herd sync.WaitGroup
	for i := range results {
		herd.Go(func() { results[i] = s.run("get", "work") })
	}
	herd.Wait()
	for _, r := range results {
		if r.code != 0 || r.stderr != "" || r.stdout != results[0].stdout {
			t.Fatalf("one of the herd: exit code %d, stderr %q, the same token as another: %t", r.code, r.stderr, r.stdout == results[0].stdout)
		}
	}
	if !s.accepts(t, fosite.AccessToken, strings.TrimSuffix(results[0].stdout, "\n")) {
		t.Error("fosite does not accept the token that the herd got")
	}
	s.rotated("work", 2, c.RefreshToken.Reveal())
	s.counts("refresh_token", 1)
}

// lost checks that the account needs a sign-in, that this is remembered, and that a login repairs
// it.
func (s *fixture) lost(account string, requests int) {
	s.t.Helper()
	for range 2 { // the second time without a request
		r := s.cred(4, "get", account)
		if r.stdout != "" || !strings.HasSuffix(r.stderr, "run: codex-cred login "+account+"\n") {
			s.t.Errorf("get printed %d bytes, and on stderr %q, want nothing and the login command", len(r.stdout), r.stderr)
		}
		s.secret(account, "stderr", r.stderr)
		s.counts("refresh_token", requests)
	}
	s.lives(time.Hour)
	s.login(account)
	if !s.accepts(s.t, fosite.AccessToken, s.token(account)) {
		s.t.Error("fosite does not accept the token after the repair")
	}
	spent := s.stored(account).Credential.RefreshToken.Reveal()
	s.token(account, "--refresh")
	s.rotated(account, 2, spent)
}

func TestReuse_AfterTheRotation(t *testing.T) {
	s := newFixture(t, time.Hour)
	s.login("work")
	spent := s.stored("work").Credential.RefreshToken.Reveal()
	s.lives(short)
	s.cred(0, "refresh", "work")
	c := s.stored("work").Credential
	s.rotated("work", 2, spent)
	s.expires(t, c.AccessToken.Reveal())
	if got := s.present(t, spent); got.Error != "invalid_grant" {
		t.Fatalf("the spent refresh token: status %d, error %q", got.status, got.Error)
	}
	if s.accepts(t, fosite.RefreshToken, c.RefreshToken.Reveal()) {
		t.Fatal("fosite did not end the family of a refresh token that came twice")
	}
	s.lost("work", 3)
}

// TestReuse_BeforeTheRotation lets another program spend a copy of the refresh token first: that
// ends the sign-in of both, the other's new tokens included.
func TestReuse_BeforeTheRotation(t *testing.T) {
	s := newFixture(t, short)
	s.login("work")
	c := s.stored("work").Credential
	s.expires(t, c.AccessToken.Reveal())
	s.lives(time.Hour)
	other := s.present(t, c.RefreshToken.Reveal())
	if !s.accepts(t, fosite.AccessToken, other.AccessToken) {
		t.Fatalf("the copy: status %d, error %q", other.status, other.Error)
	}
	s.lost("work", 2)
	if s.accepts(t, fosite.AccessToken, other.AccessToken) || s.accepts(t, fosite.RefreshToken, other.RefreshToken) {
		t.Error("the other program's tokens are still good")
	}
}

// TestReuse_WithAValidAccessToken checks that get prints an access token that is not known to be
// invalid.
func TestReuse_WithAValidAccessToken(t *testing.T) {
	s := newFixture(t, time.Hour)
	s.login("work")
	spent := s.stored("work").Credential.RefreshToken.Reveal()
	token := s.token("work", "--refresh")
	s.present(t, spent)
	if s.accepts(t, fosite.AccessToken, token) {
		t.Fatal("fosite did not end the access token of the family")
	}
	for range 2 {
		r := s.cred(4, "refresh", "work")
		if !strings.HasSuffix(r.stderr, "run: codex-cred login work\n") {
			t.Errorf("stderr is %q, want the login command at its end", r.stderr)
		}
		s.counts("refresh_token", 3)
	}
	r := s.cred(0, "get", "work", "--refresh")
	if r.stdout != token+"\n" || !strings.Contains(r.stderr, "warning: ") {
		t.Errorf("get printed the token: %t, and on stderr %q, want it with a warning", r.stdout == token+"\n", r.stderr)
	}
	s.login("work")
	if !s.accepts(t, fosite.AccessToken, s.token("work")) {
		t.Error("fosite does not accept the token after the repair")
	}
}

func TestRevocation(t *testing.T) {
	s := newFixture(t, time.Hour)
	s.login("work")
	first := s.stored("work").Credential
	s.token("work", "--refresh")
	second := s.stored("work").Credential
	r := s.cred(0, "erase", "work", "--revoke", "--format", "json")
	var receipt struct {
		Accounts []struct {
			Revocations []struct {
				Token, Endpoint string
				Revoked         bool
			}
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &receipt); err != nil {
		t.Fatal(err)
	}
	revocations := receipt.Accounts[0].Revocations
	for i, token := range []string{"refresh token", "access token"} {
		if len(revocations) != 2 || !revocations[i].Revoked || revocations[i].Token != token || revocations[i].Endpoint != s.url+"/revoke" {
			t.Errorf("the receipt says of the revocations %+v", revocations)
		}
	}
	s.counts("revoke", 2)
	if s.accepts(t, fosite.AccessToken, second.AccessToken.Reveal()) {
		t.Error("fosite still accepts the access token")
	}
	for _, token := range []string{first.RefreshToken.Reveal(), second.RefreshToken.Reveal()} {
		if s.accepts(t, fosite.RefreshToken, token) || s.present(t, token).Error != "invalid_grant" {
			t.Error("fosite still accepts a refresh token")
		}
	}
	if _, err := os.Stat(s.root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something is left at %s: %v", s.root, err)
	}
	s.cred(3, "get", "work")
}

func TestSecondSignInLeavesTheFirst(t *testing.T) {
	s := newFixture(t, time.Hour)
	s.login("work")
	first := s.token("work")
	s.login("home")
	second := s.token("home")
	if first == second || !s.accepts(t, fosite.AccessToken, first) || !s.accepts(t, fosite.AccessToken, second) {
		t.Error("fosite does not accept the tokens of both sign-ins")
	}
	for _, account := range []string{"work", "home"} {
		spent := s.stored(account).Credential.RefreshToken.Reveal()
		s.token(account, "--refresh")
		s.rotated(account, 2, spent)
	}
	s.cred(0, "erase", "home", "--revoke")
	if !s.accepts(t, fosite.AccessToken, s.token("work")) {
		t.Error("the end of one sign-in ended the other")
	}
}
