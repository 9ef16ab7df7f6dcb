package hosttable

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/internal/disk/strictjson"
)

// formVersion is the version of the file. Raise it for a change that an older codex-cred would
// misread or lose.
const formVersion = 1

// form is the stored form of the table.
type form struct {
	Version int       `json:"version"`
	Hosts   []rowForm `json:"hosts"`
}

type rowForm struct {
	Host    string `json:"host"`
	Account string `json:"account"`
	Foreign bool   `json:"allow_foreign,omitempty"`
}

func encode(rows []Row) ([]byte, error) {
	f := form{Version: formVersion}
	for _, r := range rows {
		if err := helper.CheckName(r.Account); err != nil {
			return nil, err
		}
		f.Hosts = append(f.Hosts, rowForm{r.Host.String(), r.Account, r.Foreign})
	}
	content, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("encode the table of hosts: %w", err)
	}
	if len(content) >= maxSize {
		return nil, fmt.Errorf("the table of hosts is %w: it has %d bytes", helper.ErrTooLarge, len(content))
	}
	return append(content, '\n'), nil
}

func decode(content []byte) ([]Row, error) {
	var f form
	if err := strictjson.DecodeWhole(content, formVersion, &f); err != nil {
		return nil, err
	}
	rows := make([]Row, 0, len(f.Hosts))
	seen := map[wire.Host]bool{}
	for _, r := range f.Hosts {
		host, err := wire.ParseHost(r.Host)
		if err != nil || host.String() != r.Host || seen[host] || helper.CheckName(r.Account) != nil {
			return nil, errors.New("one of its rows cannot be")
		}
		seen[host] = true
		rows = append(rows, Row{host, r.Account, r.Foreign})
	}
	return rows, nil
}
