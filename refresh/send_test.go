package refresh_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestGrantsAreSentOnce checks that no layer sends a grant twice: a server that closes the connection after the first
// POST sees exactly one.
func TestGrantsAreSentOnce(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		address, posts := droppingServer(t)
		env := newEnvironment(t, profile)
		rec := env.read(t)
		iss := rec.Credential.Issuer
		iss.TokenEndpoint = "http://" + address + "/token"

		rec.Credential.Issuer = iss
		if _, err := env.rotation.Records.Write(t.Context(), rec.Account, rec.Credential, rec.Version); err != nil {
			t.Fatal(err)
		}
		if _, err := env.refresh(t); !errors.Is(err, helper.ErrTemporary) || posts.Load() != 1 {
			t.Errorf("refresh: error %v and %d requests, want ErrTemporary and 1", err, posts.Load())
		}
		if _, err := env.client.Redeem(t.Context(), iss, helper.NewSecret("c"), helper.NewSecret("v"),
			"http://127.0.0.1:1/"); !errors.Is(err, helper.ErrTemporary) || posts.Load() != 2 {
			t.Errorf("code: error %v and %d requests, want ErrTemporary and 1", err, posts.Load()-1)
		}
	})
}

// droppingServer reads each request completely, counts it and closes the connection.
func droppingServer(t *testing.T) (address string, posts *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	posts = new(atomic.Int32)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				if _, err := io.Copy(io.Discard, r.Body); err == nil && r.Method == http.MethodPost {
					posts.Add(1)
				}
			}
			_ = c.Close()
		}
	}()
	return l.Addr().String(), posts
}

// TestEndpointsAreCheckedBeforeUse checks that the stored endpoints are validated again before a secret is sent.
func TestEndpointsAreCheckedBeforeUse(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.client.Proxy = func(*http.Request) (*url.URL, error) {
		t.Error("a request was made")
		return nil, errors.New("no")
	}
	rec := env.read(t)
	rec.Credential.Issuer.TokenEndpoint = "http://192.0.2.1/token"
	rec.Credential.Issuer.RevocationEndpoint = "http://192.0.2.1/revoke"
	if _, err := env.rotation.Records.Write(t.Context(), rec.Account, rec.Credential, rec.Version); err != nil {
		t.Fatal(err)
	}
	iss, secret := rec.Credential.Issuer, helper.NewSecret("s")
	_, refreshErr := env.refresh(t)
	_, redeemErr := env.client.Redeem(timeoutContext(t), iss, secret, secret, "http://127.0.0.1:1/")
	for name, err := range map[string]error{
		"refresh": refreshErr, "code": redeemErr,
		"revoke": env.client.Revoke(timeoutContext(t), iss, secret, "refresh_token"),
	} {
		if !errors.Is(err, helper.ErrInvalid) {
			t.Errorf("%s: error %v, want ErrInvalid", name, err)
		}
	}
}

// TestCallerGivesUpWhileConnecting checks that the caller's context cancels a call that was not sent, here during the
// TLS handshake.
func TestCallerGivesUpWhileConnecting(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	held := make(chan net.Conn, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			held <- c
		}
		cancel()
	}()
	env := newEnvironment(t, refresh.ProfileOAuth)
	before := env.read(t)
	rec := before
	rec.Credential.Issuer.TokenEndpoint = "https://" + l.Addr().String() + "/token"
	if _, err := env.rotation.Records.Write(t.Context(), rec.Account, rec.Credential, rec.Version); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := env.rotation.Refresh(ctx, helper.Demand{Account: "work", Generation: 1})
		done <- err
	}()
	select {
	case err = <-done:
	case <-time.After(20 * time.Second): // less than any bound of the client's own
		t.Fatal("the call goes on")
	}
	if !errors.Is(err, context.Canceled) || !errors.Is(err, helper.ErrTemporary) {
		t.Errorf("error %v, want Canceled and ErrTemporary", err)
	}
	if a := env.read(t).Account; a.Unanswered != 0 || !a.NotBefore.IsZero() {
		t.Errorf("an outcome was noted: %+v", a)
	}
	_ = l.Close()
	_ = (<-held).Close()
}
