// Package docker implements the helper's side of docker's credential helper protocol
// (https://github.com/docker/docker-credential-helpers#development).
package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
)

// user is the user name sent with the token. It is not "<token>", which would mean that the secret is a registry's
// refresh token.
const user = "oauth2"

// The texts of these errors are part of the protocol. After ErrNotFound a caller continues without a credential.
var (
	ErrNotFound = errors.New("credentials not found in native keychain")
	ErrNoURL    = errors.New("no credentials server URL")
	ErrNoUser   = errors.New("no credentials username")
)

// ErrUse means that the operation is not part of the protocol.
var ErrUse = errors.New("the operation is none of: get, store, erase, list, version")

// errStore is the error of docker login with a foreign password.
var errStore = errors.New("codex-cred keeps no passwords; sign in with: codex-cred login")

// A Credential is the JSON object of the protocol.
type Credential struct {
	ServerURL string
	Username  string
	Secret    string
}

// Serve performs one operation. The caller writes the error to standard output, where the protocol expects it, and
// exits with status 1.
func Serve(ctx context.Context, operation string, in io.Reader, out io.Writer, source wire.Source) error {
	switch operation {
	case "get":
		return get(ctx, in, out, source)
	case "store":
		return store(ctx, in, source)
	case "erase":
		_, err := readURL(in) // the request contains no token, so there is nothing to do
		return err
	case "list":
		return list(ctx, out, source)
	}
	return ErrUse
}

func get(ctx context.Context, in io.Reader, out io.Writer, source wire.Source) error {
	server, err := readURL(in)
	if err != nil {
		return err
	}
	token, err := tokenFor(ctx, server, source)
	if err != nil {
		return err
	}
	return write(out, Credential{ServerURL: server, Username: user, Secret: token.Access.Reveal()})
}

// store accepts only the token that get returns: docker login stores it again.
func store(ctx context.Context, in io.Reader, source wire.Source) error {
	text, err := wire.ReadRequest(in)
	if err != nil {
		return err
	}
	c, err := decode(text)
	if err != nil {
		return err
	}
	token, err := tokenFor(ctx, c.ServerURL, source)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && !token.Access.Equal(helper.NewSecret(c.Secret)):
		return errStore
	}
	return err
}

func list(ctx context.Context, out io.Writer, source wire.Source) error {
	hosts, err := source.Hosts(ctx)
	if err != nil {
		return err
	}
	users := map[string]string{}
	for _, h := range hosts {
		users[h.Address()] = user
	}
	return write(out, users)
}

// readURL reads the server's URL as written in the caller's configuration.
func readURL(in io.Reader) (string, error) {
	text, err := wire.ReadRequest(in)
	if err != nil {
		return "", err
	}
	server := strings.TrimSpace(string(text))
	switch {
	case server == "":
		return "", ErrNoURL
	case strings.ContainsFunc(server, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", fmt.Errorf("%w: the server URL holds control characters", wire.ErrMalformed)
	}
	return server, nil
}

// tokenFor tries a server without a scheme as given and as https: docker writes a registry on loopback without a scheme
// whether or not it uses TLS.
func tokenFor(ctx context.Context, server string, source wire.Source) (wire.Token, error) {
	forms := []string{server}
	if !strings.Contains(server, "://") {
		forms = append(forms, "https://"+server)
	}
	for _, form := range forms {
		host, err := wire.RequestedHost(form)
		var token wire.Token
		if err == nil {
			token, err = source.Token(ctx, host)
		}
		if !errors.Is(err, wire.ErrUnconfigured) {
			return token, err
		}
	}
	return wire.Token{}, ErrNotFound
}

// decode parses a Credential without empty members.
func decode(text []byte) (Credential, error) {
	var c Credential
	if err := json.Unmarshal(text, &c); err != nil {
		return Credential{}, fmt.Errorf("%w: it is no JSON object of the protocol", wire.ErrMalformed)
	}
	switch {
	case c.ServerURL == "":
		return Credential{}, ErrNoURL
	case c.Username == "":
		return Credential{}, ErrNoUser
	case c.Secret == "":
		return Credential{}, fmt.Errorf("%w: it has no secret", wire.ErrMalformed)
	}
	return c, nil
}

func write(out io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	_, err = out.Write(append(text, '\n'))
	return err
}
