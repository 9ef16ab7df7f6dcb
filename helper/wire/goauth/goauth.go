// Package goauth implements the protocol of the go command's GOAUTH programs
// (https://pkg.go.dev/cmd/go#hdr-GOAUTH_environment_variable).
package goauth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/codex-cred/codex-cred/helper/wire"
)

// Serve handles one call. The first call of a go command has no URL; its answer contains every host that may get a
// token. If there is no token for one of them, the others are still written, and Serve returns the error. A later call
// has the URL that was refused, with the response on in.
func Serve(ctx context.Context, args []string, in io.Reader, out io.Writer, source wire.Source) error {
	switch len(args) {
	case 0:
		return serveAll(ctx, out, source)
	case 1:
		return serveURL(ctx, args[0], in, out, source)
	}
	return fmt.Errorf("%w: more than one URL", wire.ErrMalformed)
}

func serveAll(ctx context.Context, out io.Writer, source wire.Source) error {
	hosts, err := source.Hosts(ctx)
	if err != nil {
		return err
	}
	var failures []error
	for _, host := range hosts {
		if !host.Secure() {
			continue // the go command sends no credentials over http
		}
		failures = append(failures, answer(ctx, out, host, host.String(), source.Token))
	}
	return errors.Join(failures...)
}

// serveURL answers a call with a URL. If the response is 401, the token of the first call may have been refused; other
// statuses say nothing about it.
func serveURL(ctx context.Context, target string, in io.Reader, out io.Writer, source wire.Source) error {
	prefix, ok := origin(target)
	host, err := wire.RequestedHost(prefix)
	if !ok {
		err = wire.ErrUnconfigured
	}
	refused := false
	if err == nil {
		refused, err = unauthorized(in)
	}
	if err == nil {
		err = answer(ctx, out, host, prefix, func(ctx context.Context, host wire.Host) (wire.Token, error) {
			token, err := source.Token(ctx, host)
			if err != nil || !refused {
				return token, err
			}
			if err := source.Rejected(ctx, host, token.Access); err != nil {
				return wire.Token{}, err
			}
			return source.Token(ctx, host)
		})
	}
	if errors.Is(err, wire.ErrUnconfigured) {
		return nil
	}
	return err
}

// origin removes the path, and the query that the go command adds to find a module's repository. The rest must not be
// normalized: the go command looks up the answer by it.
func origin(target string) (prefix string, ok bool) {
	const scheme = "https://"
	rest, ok := strings.CutPrefix(target, scheme)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return scheme + rest, ok
}

func answer(
	ctx context.Context, out io.Writer, host wire.Host, prefix string,
	ask func(context.Context, wire.Host) (wire.Token, error),
) error {
	token, err := ask(ctx, host)
	if err != nil {
		return err
	}
	_, err = out.Write(encode(entry{prefix: prefix, value: token.Bearer()}))
	return err
}

// An entry is a header for all requests below a URL.
type entry struct {
	prefix string
	value  string // a secret
}

func encode(e entry) []byte {
	return fmt.Appendf(nil, "%s\n\n%s: %s\n\n", e.prefix, wire.Authorization, e.value)
}

// unauthorized reads a response's header, in the go command's format, and reports whether its status is 401.
func unauthorized(in io.Reader) (bool, error) {
	text, err := wire.ReadRequest(in)
	if err != nil {
		return false, err
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	words := strings.Fields(string(line))
	if len(words) == 0 {
		return false, nil
	}
	if len(words) < 2 || !strings.HasPrefix(words[0], "HTTP/") {
		return false, fmt.Errorf("%w: the response begins with no status line", wire.ErrMalformed)
	}
	return words[1] == fmt.Sprint(http.StatusUnauthorized), nil
}
