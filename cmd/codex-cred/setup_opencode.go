package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/config/configfile"
	"github.com/codex-cred/codex-cred/internal/config/jsonedit"
	"github.com/codex-cred/codex-cred/packaging/opencode"
)

// openCodeClient installs a plugin, because OpenCode's config cannot run a command. It writes the
// plugin's file, an entry for it in opencode.json, and a marker in place of tokens in auth.json:
// without the marker OpenCode does not use the plugin.
func openCodeClient() client {
	c := client{name: "opencode", home: codexBase, snippet: openCodeSnippet, verify: verifyOpenCode}
	return editing(c, func(_ context.Context, s *setup) ([]configEdit, error) { return s.openCodeEdits() })
}

// openCodeEdits returns the edits, the marker first. With only the marker, OpenCode sends no secret;
// with only the plugin, nothing changes.
func (s *setup) openCodeEdits() ([]configEdit, error) {
	config, err := s.openCodeConfig()
	if err != nil {
		return nil, err
	}
	data, err := s.xdgPath("XDG_DATA_HOME", filepath.Join(".local", "share"), "opencode", "auth.json")
	if err != nil {
		return nil, err
	}
	plugin := filepath.Join(filepath.Dir(config), opencode.File)
	return []configEdit{markerEdit(data), pluginFileEdit(plugin), s.pluginEntryEdit(config)}, nil
}

// openCodeConfig returns the path of the user's config, which is the same on every system. OpenCode
// reads three files there but uses only the last list of plugins, so ours must be in that one.
func (s *setup) openCodeConfig() (string, error) {
	dir := s.Getenv("OPENCODE_CONFIG_DIR")
	if dir == "" {
		var err error
		if dir, err = s.xdgPath("XDG_CONFIG_HOME", ".config", "opencode"); err != nil {
			return "", err
		}
	}
	chosen, listed := filepath.Join(dir, "opencode.json"), false
	for _, name := range []string{"config.json", "opencode.json", "opencode.jsonc"} {
		path := filepath.Join(dir, name)
		content, _, err := configfile.ReadRegular(path)
		if errors.Is(err, helper.ErrUnsafe) {
			return "", err
		}
		if err != nil {
			continue
		}
		_, there, _ := jsonedit.Get(content, openCodePlugins) // the edit reports what is wrong with it
		if there || !listed && name != "config.json" {
			chosen, listed = path, there
		}
	}
	return filepath.Abs(chosen)
}

// xdgPath returns the path below the directory that the variable names, or else below dir in the
// home directory.
func (p *program) xdgPath(variable, dir string, path ...string) (string, error) {
	base := p.Getenv(variable)
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fault.WithHint(err, "set HOME")
		}
		base = filepath.Join(home, dir)
	}
	return filepath.Abs(filepath.Join(append([]string{base}, path...)...))
}

// A marker is an entry of auth.json.
type marker struct {
	Type    string `json:"type"`
	Refresh string `json:"refresh"`
	Access  string `json:"access"`
	Expires int64  `json:"expires"`
}

func ourMarker() marker {
	return marker{"oauth", opencode.Marker, opencode.Marker, opencode.Expires}
}

// openAI is the name of the OpenCode provider that the plugin serves.
const openAI = "openai"

// markerEdit edits the file with OpenCode's own sign-ins. It neither reads nor moves their tokens.
func markerEdit(path string) configEdit {
	return configEdit{
		path: path, blank: "{}",
		put: func(content []byte, replace bool) ([]byte, []string, error) {
			raw, there, err := jsonedit.Get(content, openAI)
			if err != nil || there && isMarker(raw) {
				return content, nil, err
			}
			var replaced []string
			if there {
				replaced = []string{openAI + ", which is a sign-in of OpenCode's own,"}
			}
			if there && !replace {
				return nil, nil, &otherValueError{replaced}
			}
			edited, err := jsonedit.Set(content, ourMarker(), openAI)
			return edited, replaced, err
		},
		take: func(content []byte) ([]byte, error) {
			raw, there, err := jsonedit.Get(content, openAI)
			if err != nil || !there || !isMarker(raw) {
				return content, err
			}
			return jsonedit.Remove(content, openAI)
		},
	}
}

func isMarker(raw []byte) bool {
	var m marker
	return json.Unmarshal(raw, &m) == nil && m.Refresh == opencode.Marker && m.Access == opencode.Marker
}

// pluginFileEdit edits the plugin's file, which is entirely ours.
func pluginFileEdit(path string) configEdit {
	return configEdit{
		path: path, whole: true,
		put: func(content []byte, replace bool) ([]byte, []string, error) {
			if len(content) == 0 || opencode.IsPlugin(content) {
				return opencode.Plugin(), nil, nil
			}
			if !replace {
				return nil, nil, &otherValueError{[]string{opencode.File}}
			}
			return opencode.Plugin(), []string{opencode.File}, nil
		},
		take: func(content []byte) ([]byte, error) {
			if opencode.IsPlugin(content) {
				return nil, nil
			}
			return content, nil
		},
	}
}

// openCodePlugins is the name of the list of plugins in a config.
const openCodePlugins = "plugin"

// openCodeBlank is a config without settings. OpenCode adds the schema to a config without one.
const openCodeBlank = `{
  "$schema": "https://opencode.ai/config.json"
}
`

// pluginSpec is how opencode.json refers to the plugin's file beside it.
const pluginSpec = "./" + opencode.File

func (s *setup) pluginEntry() []any {
	options := struct {
		Command  []string `json:"command"`
		Endpoint string   `json:"endpoint,omitempty"`
	}{Command: []string{s.Command, "get", s.Account}}
	if s.BaseURL != "" {
		options.Endpoint = strings.TrimSuffix(s.BaseURL, "/") + "/responses"
	}
	return []any{pluginSpec, options}
}

func (s *setup) pluginEntryEdit(path string) configEdit {
	take := func(content []byte) ([]byte, error) {
		return jsonedit.RemoveElement(content, isPluginEntry, openCodePlugins)
	}
	return configEdit{
		path: path, blank: openCodeBlank, take: take,
		put: func(content []byte, replace bool) ([]byte, []string, error) {
			want, err := json.Marshal(s.pluginEntry())
			if err != nil {
				return nil, nil, err
			}
			entries, err := pluginEntries(content)
			if err != nil || len(entries) == 1 && bytes.Equal(entries[0], want) {
				return content, nil, err
			}
			var replaced []string
			if len(entries) > 0 {
				replaced = []string{openCodePlugins + " " + pluginSpec}
			}
			if len(entries) > 0 && !replace {
				return nil, nil, &otherValueError{replaced}
			}
			base, err := take(content)
			if err != nil {
				return nil, nil, err
			}
			edited, err := jsonedit.Append(base, s.pluginEntry(), openCodePlugins)
			return edited, replaced, err
		},
	}
}

// pluginEntries returns the elements of the list that refer to our plugin.
func pluginEntries(content []byte) ([]json.RawMessage, error) {
	raw, there, err := jsonedit.Get(content, openCodePlugins)
	if err != nil || !there {
		return nil, err
	}
	var list, ours []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil, fmt.Errorf("its member %q is no list", openCodePlugins)
	}
	for _, element := range list {
		if isPluginEntry(element) {
			ours = append(ours, element)
		}
	}
	return ours, nil
}

// isPluginEntry reports whether the element refers to our plugin, with or without options.
func isPluginEntry(element []byte) bool {
	var withOptions []json.RawMessage
	if json.Unmarshal(element, &withOptions) == nil && len(withOptions) > 0 {
		element = withOptions[0]
	}
	var spec string
	return json.Unmarshal(element, &spec) == nil && spec == pluginSpec
}

func openCodeSnippet(_ context.Context, s *setup) (string, error) {
	edits, err := s.openCodeEdits()
	if err != nil {
		return "", err
	}
	entry, err := jsonedit.Append([]byte(openCodeBlank), s.pluginEntry(), openCodePlugins)
	if err != nil {
		return "", err
	}
	auth, err := jsonedit.Set(nil, ourMarker(), openAI)
	return fmt.Sprintf("// %s\n%s// %s\n%s// %s is packaging/opencode/%s\n",
		edits[2].path, entry, edits[0].path, auth, edits[1].path, opencode.File), err
}
