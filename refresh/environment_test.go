package refresh_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/refresh"
)

// An environment is one account, signed in at a real authorization server.
type environment struct {
	server   *authserver.Server
	clock    *clock
	store    *faultyStore
	accounts *accounts
	client   *refresh.Client
	rotation *refresh.Rotation
}

const life = time.Hour

// newEnvironment signs in with the profile. The access token lives for an hour.
func newEnvironment(t *testing.T, profile string) *environment {
	t.Helper()
	env := &environment{
		clock: &clock{at: time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)}, store: &faultyStore{},
		accounts: &accounts{},
	}
	server,
		err := authserver.Start(authserver.Options{Profile: profile, Life: life, Now: env.clock.Now, AnyLoopbackPort: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	env.server = server
	env.client = &refresh.Client{UserAgent: "codex-cred/test", Now: env.clock.Now}
	env.rotation = &refresh.Rotation{
		Records: helper.Records{Accounts: env.accounts, Stores: helper.Router{"memory": env.store}},
		Locker:  &locker{}, Client: env.client, Now: env.clock.Now, Random: rand.Reader,
		Journals: journal.New(filepath.Join(t.TempDir(), "root")),
		After: func(time.Duration) <-chan time.Time {
			c := make(chan time.Time, 1)
			c <- time.Time{}
			return c
		},
	}
	env.signIn(t, profile)
	return env
}

func (env *environment) signIn(t *testing.T, profile string) {
	t.Helper()
	iss, err := env.client.Issuer(t.Context(), env.settings(profile))
	if err != nil {
		t.Fatal(err)
	}
	c, err := env.redeem(t, iss)
	if err != nil {
		t.Fatal(err)
	}
	k := helper.Keeper{Records: env.rotation.Records, Locker: env.rotation.Locker, Random: rand.Reader}
	if _, err := k.SignIn(t.Context(), "work", "memory", c); err != nil {
		t.Fatal(err)
	}
}

func (env *environment) settings(profile string) refresh.Settings {
	s := refresh.Settings{Profile: profile, Issuer: env.server.URL()}
	if profile == refresh.ProfileOAuth {
		s.ClientID = authserver.OAuthClientID
	}
	return s
}

// redeem requests a code as a browser would and exchanges it.
func (env *environment) redeem(t *testing.T, iss helper.Issuer) (helper.Credential, error) {
	t.Helper()
	const redirect = "http://127.0.0.1:49152/auth/callback"
	verifier := rand.Text() + rand.Text()
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {iss.ClientID}, "redirect_uri": {redirect}, "scope": {iss.Scope},
		"state":          {"state"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	resp, err := http.DefaultTransport.RoundTrip(get(t, iss.AuthorizationEndpoint+"?"+query.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || back.Query().Get("code") == "" {
		t.Fatalf("the authorization answered %d without a code", resp.StatusCode)
	}
	return env.client.Redeem(t.Context(), iss, helper.NewSecret(back.Query().Get("code")), helper.NewSecret(verifier),
		redirect)
}

func get(t *testing.T, address string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func (env *environment) fail(t *testing.T, f authserver.Fault) {
	t.Helper()
	if err := env.server.Fail(f); err != nil {
		t.Fatal(err)
	}
}

// read returns the stored record.
func (env *environment) read(t *testing.T) helper.Record {
	t.Helper()
	rec, err := env.rotation.Records.Read(t.Context(), "work")
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// refresh requests a credential newer than the stored one.
func (env *environment) refresh(t *testing.T) (helper.Record, error) {
	t.Helper()
	return env.rotation.Refresh(timeoutContext(t),
		helper.Demand{Account: "work", Generation: env.read(t).Credential.Generation})
}

func (env *environment) wantRequests(t *testing.T, grant string, want int) {
	t.Helper()
	if got := env.server.Count(grant); got != want {
		t.Errorf("%d requests of %s, want %d", got, grant, want)
	}
}

// wantNoSecrets fails if the error contains a part of a secret, or a second line.
func (env *environment) wantNoSecrets(t *testing.T, err error) {
	t.Helper()
	text := fmt.Sprintf("%v %+v %#v", err, err, err)
	for _, secret := range env.server.Secrets() {
		for i := 0; i+12 <= len(secret); i++ {
			if strings.Contains(text, secret[i:i+12]) {
				t.Fatalf("the error holds a piece of a secret, at %d", i)
			}
		}
	}
	if strings.Contains(fmt.Sprint(err), "\n") {
		t.Errorf("the error has more than one line: %v", err)
	}
}

// timeoutContext returns a context that limits a call to a minute.
func timeoutContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), parts.Patience(t))
	t.Cleanup(cancel)
	return ctx
}

// refreshOnce refreshes once, which creates the journal's key, and returns the credential, of generation 2. Its access
// token expires when the clock advances by life.
func (env *environment) refreshOnce(t *testing.T) helper.Credential {
	t.Helper()
	rec, err := env.refresh(t)
	if err != nil {
		t.Fatal(err)
	}
	return rec.Credential
}

// wantNoJournal checks that no journal is left.
func (env *environment) wantNoJournal(t *testing.T) {
	t.Helper()
	if files, err := env.rotation.Journals.Files(); err != nil || len(files) > 0 {
		t.Errorf("journals are left: %q, %v", files, err)
	}
}
