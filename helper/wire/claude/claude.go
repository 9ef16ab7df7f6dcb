// Package claude implements the credential helper protocol of Claude's programs: a token and its headers
// (https://claude.com/docs/cowork/guide/credential-helper).
package claude

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/codex-cred/codex-cred/helper/wire"
)

// An answer is the JSON object that the program reads.
type answer struct {
	Token   string            `json:"token"`
	Headers map[string]string `json:"headers"`
}

// Encode writes the token and its headers, except Authorization.
func Encode(out io.Writer, t wire.Token) error {
	a := answer{Token: t.Access.Reveal(), Headers: map[string]string{}}
	for _, h := range t.Headers {
		a.Headers[h.Name] = h.Value
	}
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	_, err = out.Write(append(text, '\n'))
	return err
}
