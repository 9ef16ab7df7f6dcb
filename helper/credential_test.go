package helper_test

import (
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// credentialWithLife returns a credential that was obtained at start and has the lifetime.
func credentialWithLife(life time.Duration) helper.Credential {
	return helper.Credential{
		AccessToken: helper.NewSecret("access"), RefreshToken: helper.NewSecret("refresh"),
		ObtainedAt: start(), Expiry: start().Add(life), Generation: 5,
		Issuer: sampleIssuer(),
	}
}

// minTTLs maps lifetimes to the wanted MinTTL: those of a test, of a typical server, of ChatGPT, and around the
// lifetime whose tenth is 5 minutes.
func minTTLs() map[time.Duration]time.Duration {
	return map[time.Duration]time.Duration{ // to the least remaining life that is fresh
		time.Second:                       100 * time.Millisecond,
		3 * time.Second:                   300 * time.Millisecond,
		49*time.Minute + 50*time.Second:   4*time.Minute + 59*time.Second,
		50 * time.Minute:                  5 * time.Minute,
		50*time.Minute + 10*time.Second:   5 * time.Minute,
		time.Hour:                         5 * time.Minute,
		10 * 24 * time.Hour:               5 * time.Minute,
		10 * 365 * 24 * time.Hour:         5 * time.Minute,
		50*time.Minute - time.Microsecond: 5*time.Minute - 100*time.Nanosecond,
	}
}

func TestCredential_MinTTL(t *testing.T) {
	for life, want := range minTTLs() {
		if got := credentialWithLife(life).MinTTL(); got != want {
			t.Errorf("MinTTL of a life of %v = %v, want %v", life, got, want)
		}
	}
}

// TestCredential_Boundaries checks one nanosecond before each boundary, at it, and after it.
func TestCredential_Boundaries(t *testing.T) {
	for life, minTTL := range minTTLs() {
		c := credentialWithLife(life)
		for _, b := range []struct {
			name string
			ask  func(time.Time) bool
			end  time.Time // the first moment at which the answer is no
		}{
			{"Valid", c.Valid, c.Expiry},
			{"Fresh", func(now time.Time) bool { return c.Fresh(now, 0) }, c.Expiry.Add(-minTTL + 1)},
			{"Fresh for a third", func(now time.Time) bool { return c.Fresh(now, life/3) }, c.Expiry.Add(-life/3 + 1)},
			{"Fresh for all of it", func(now time.Time) bool { return c.Fresh(now, life) }, start().Add(1)},
			{"Fresh for 1 ns", func(now time.Time) bool { return c.Fresh(now, 1) }, c.Expiry},
			{"Young", c.Young, start().Add(life / 10)},
		} {
			if !b.ask(b.end.Add(-1)) {
				t.Errorf("life %v: not %s one nanosecond before the end of it", life, b.name)
			}
			for _, after := range []time.Duration{0, 1, life} {
				if b.ask(b.end.Add(after)) {
					t.Errorf("life %v: %s %v after the end of it", life, b.name, after)
				}
			}
		}
	}
}

// TestCredential_OtherZone checks that a clock in another zone changes nothing.
func TestCredential_OtherZone(t *testing.T) {
	c, zone := credentialWithLife(time.Hour), time.FixedZone("west", -9*60*60)
	for name, ask := range map[string]func(time.Time) bool{
		"Valid": c.Valid, "Young": c.Young, "Fresh": func(now time.Time) bool { return c.Fresh(now, 0) },
	} {
		if !ask(start().In(zone)) || ask(c.Expiry.In(zone)) {
			t.Errorf("%s depends on the zone", name)
		}
	}
}

// TestCredential_NothingToShow checks credentials that are never valid.
func TestCredential_NothingToShow(t *testing.T) {
	noToken, noExpiry := credentialWithLife(time.Hour), credentialWithLife(time.Hour)
	noToken.AccessToken = helper.Secret{}
	noExpiry.Expiry = time.Time{}
	for name, c := range map[string]helper.Credential{
		"zero": {}, "no access token": noToken, "no expiry": noExpiry, "no life": credentialWithLife(0),
		"expired when it came": credentialWithLife(-time.Hour),
	} {
		if c.Valid(start()) || c.Fresh(start(), 0) || c.Fresh(start(), time.Nanosecond) || c.Young(start()) {
			t.Errorf("%s: Valid %v, Fresh %v, Young %v", name, c.Valid(start()), c.Fresh(start(), 0), c.Young(start()))
		}
	}
}
