package aggregate

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Identity is who a contact key belongs to, and how that is known.
type Identity struct {
	Key      string         `json:"key" doc:"The contact key asked for"`
	Person   string         `json:"person" doc:"The key that names the person"`
	Account  string         `json:"account,omitempty" doc:"The company the person buys for"`
	Shared   string         `json:"shared,omitempty" enum:"desk,limit,listed" doc:"Why the key connects nobody: a desk's mailbox, seen with too many others, or listed in a journey file"`
	Keys     []IdentityKey  `json:"keys" doc:"All keys of the person"`
	Links    []IdentityLink `json:"links" doc:"What connects the keys with each other and with accounts, and what was seen and does not connect"`
	Cases    []IdentityCase `json:"cases" doc:"The person's cases, and those of the company, newest first"`
	MoreKeys bool           `json:"more_keys" doc:"There are more keys than are listed"`
}

// IdentityKey is a key of a person.
type IdentityKey struct {
	Key          string    `json:"key"`
	Shared       string    `json:"shared,omitempty"`
	Interactions uint64    `json:"interactions" doc:"Interactions stored under this key; those that carry it beside a stronger one are stored under that"`
	LastAt       time.Time `json:"last_at,omitzero"`
}

// IdentityLink is why two keys, or a key and an account, belong together.
type IdentityLink struct {
	A      string    `json:"a"`
	B      string    `json:"b" doc:"A contact key or an account"`
	Reason string    `json:"reason" doc:"The type of the interactions that show it; stated: a person says so"`
	Counts string    `json:"counts" enum:"yes,shared,elsewhere,different,same" doc:"yes: it connects; shared: one of the two is shared; elsewhere: left out, since other links come first that a statement parts them by; same, different: what a person states"`
	Origin string    `json:"origin,omitempty" doc:"Of the first interaction that shows it"`
	ID     string    `json:"id,omitempty"`
	At     time.Time `json:"at" doc:"When it was first shown, or stated"`
	LastAt time.Time `json:"last_at,omitzero" doc:"When it was last shown"`
	By     string    `json:"by,omitempty" doc:"Who states it"`
	Why    string    `json:"why,omitempty"`
}

// IdentityCase is a case of a person or of their company.
type IdentityCase struct {
	Journey  string    `json:"journey"`
	CaseID   string    `json:"case_id"`
	Subject  string    `json:"subject" doc:"Whose case it is: a person, an account or a thread"`
	Attempt  uint32    `json:"attempt"`
	Stage    string    `json:"stage"`
	Exit     string    `json:"exit" doc:"How it ended; in_progress while it goes on"`
	OpenedAt time.Time `json:"opened_at"`
	LastAt   time.Time `json:"last_at"`
}

// identityKeys bounds how many keys of a person are looked at.
const identityKeys = 500

// Identity gives who a contact key belongs to. For a key never seen the error is ErrNoKey.
func (s *Store) Identity(ctx context.Context, key string) (Identity, error) {
	out, err := s.identity(ctx, key)
	if err != nil {
		return Identity{}, fmt.Errorf("identity of %s: %w", key, err)
	}
	return out, nil
}

func (s *Store) identity(ctx context.Context, key string) (Identity, error) {
	out := Identity{Key: key}
	err := s.each(ctx, func(scan func(...any) error) error {
		return scan(&out.Person, &out.Account, &out.Shared)
	}, "SELECT person, account, toString(shared) FROM people FINAL WHERE contact_key = ?", key)
	if err == nil && out.Person == "" {
		err = ErrNoKey
	}
	if err != nil {
		return out, err
	}
	if err := s.identityMembers(ctx, &out); err != nil {
		return out, err
	}
	names := make([]string, len(out.Keys))
	for i, k := range out.Keys {
		names[i] = k.Key
	}
	if err := s.identityLinks(ctx, &out, names); err != nil {
		return out, err
	}
	out.Cases, err = s.identityCases(ctx, out.Person, out.Account, key)
	return out, err
}

func (s *Store) identityMembers(ctx context.Context, out *Identity) error {
	// The index by person knows rows that are no longer valid: FINAL looks at those that it finds.
	const members = `
		SELECT contact_key, toString(shared) FROM people FINAL
		WHERE contact_key IN (SELECT contact_key FROM people WHERE person = ?) AND person = ?
		ORDER BY contact_key = ? DESC, contact_key LIMIT ?`
	err := s.each(ctx, func(scan func(...any) error) error {
		var k IdentityKey
		err := scan(&k.Key, &k.Shared)
		out.Keys = append(out.Keys, k)
		return err
	}, members, out.Person, out.Person, out.Key, identityKeys+1)
	if err != nil {
		return err
	}
	if out.MoreKeys = len(out.Keys) > identityKeys; out.MoreKeys {
		out.Keys = out.Keys[:identityKeys]
	}
	at := map[string]*IdentityKey{}
	var names []string
	for i := range out.Keys {
		at[out.Keys[i].Key], names = &out.Keys[i], append(names, out.Keys[i].Key)
	}
	const seen = "SELECT contact_key, count(), max(occurred_at) FROM records FINAL WHERE contact_key IN (?) GROUP BY contact_key"
	return s.each(ctx, func(scan func(...any) error) error {
		var key string
		var n uint64
		var last time.Time
		err := scan(&key, &n, &last)
		at[key].Interactions, at[key].LastAt = n, last
		return err
	}, seen, names)
}

func (s *Store) identityLinks(ctx context.Context, out *Identity, keys []string) error {
	found, err := s.linksOf(ctx, keys)
	if err != nil {
		return err
	}
	if err := s.judge(ctx, found); err != nil {
		return err
	}
	out.Links = found
	const accounts = `
		SELECT contact_key, account, toString(reason), min(shown) AS first, max(last_at) FROM account_links
		WHERE contact_key IN (?) GROUP BY contact_key, account, reason ORDER BY first, contact_key, account`
	var employed []IdentityLink
	if err := s.eachLink(ctx, func(l IdentityLink) { employed = append(employed, l) }, accounts, keys); err != nil {
		return err
	}
	out.Links = append(out.Links, out.judgeAccounts(employed)...)
	stated, err := s.Statements(ctx)
	for _, st := range stated {
		if slices.Contains(keys, st.A) || slices.Contains(keys, st.B) {
			out.Links = append(out.Links, IdentityLink{A: st.A, B: st.B, Reason: "stated", Counts: st.Verdict, At: st.At, By: st.By, Why: st.Why})
		}
	}
	return err
}

// judgeAccounts says of links to accounts whether they connect: those of a shared key do while it has one account.
func (i *Identity) judgeAccounts(links []IdentityLink) []IdentityLink {
	shared := map[string]bool{}
	for _, k := range i.Keys {
		shared[k.Key] = k.Shared != ""
	}
	for n := range links {
		several := slices.ContainsFunc(links, func(o IdentityLink) bool { return o.A == links[n].A && o.B != links[n].B })
		if links[n].Counts = "yes"; shared[links[n].A] && several {
			links[n].Counts = "shared"
		}
	}
	return links
}

// identityLinkRows bounds how many links are listed: a shared key has any number.
const identityLinkRows = 1000

// linksOf gives the links that any of the keys has, in the order in which they were first seen.
func (s *Store) linksOf(ctx context.Context, keys []string) ([]IdentityLink, error) {
	const pairs = `
		SELECT key_a, key_b, toString(reason), min(shown) AS first, max(last_at) FROM links
		WHERE key_a IN (?) OR key_b IN (?) GROUP BY key_a, key_b, reason ORDER BY first, key_a, key_b LIMIT ?`
	var out []IdentityLink
	err := s.eachLink(ctx, func(l IdentityLink) { out = append(out, l) }, pairs, keys, keys, identityLinkRows)
	return out, err
}

func (s *Store) eachLink(ctx context.Context, add func(IdentityLink), query string, args ...any) error {
	return s.each(ctx, func(scan func(...any) error) error {
		var l IdentityLink
		var shown []any
		if err := scan(&l.A, &l.B, &l.Reason, &shown, &l.LastAt); err != nil {
			return err
		}
		l.At, _ = shown[0].(time.Time)
		l.Origin, _ = shown[1].(string)
		l.ID, _ = shown[2].(string)
		add(l)
		return nil
	}, query, args...)
}

// judge says of links whether they connect.
func (s *Store) judge(ctx context.Context, links []IdentityLink) error {
	type whose struct{ person, shared string }
	known := map[string]whose{}
	for _, l := range links {
		known[l.A], known[l.B] = whose{}, whose{}
	}
	var keys []string
	for key := range known {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	err := s.each(ctx, func(scan func(...any) error) error {
		var key string
		var w whose
		err := scan(&key, &w.person, &w.shared)
		known[key] = w
		return err
	}, "SELECT contact_key, person, toString(shared) FROM people FINAL WHERE contact_key IN (?)", keys)
	if err != nil {
		return err
	}
	for i := range links {
		l := &links[i]
		switch a, b := known[l.A], known[l.B]; {
		case a.shared != "" || b.shared != "":
			l.Counts = "shared"
		case a.person != b.person:
			l.Counts = "elsewhere"
		default:
			l.Counts = "yes"
		}
	}
	return nil
}

func (s *Store) identityCases(ctx context.Context, person, account, key string) ([]IdentityCase, error) {
	now, err := s.NewestWalked(ctx)
	if err != nil {
		return nil, err
	}
	// A case that goes on is stored with the end that silence would put to it.
	const query = `
		SELECT toString(journey), case_id, subject, attempt, toString(stage),
			if(closed_at > fromUnixTimestamp64Milli(?, 'UTC'), 'in_progress', toString(exit)), opened_at, last_at FROM cases
		WHERE subject IN (?) OR person = ? ORDER BY opened_at DESC, journey, case_id LIMIT 200`
	subjects := []string{person, key}
	if account != "" {
		subjects = append(subjects, account)
	}
	var out []IdentityCase
	err = s.each(ctx, func(scan func(...any) error) error {
		var c IdentityCase
		err := scan(&c.Journey, &c.CaseID, &c.Subject, &c.Attempt, &c.Stage, &c.Exit, &c.OpenedAt, &c.LastAt)
		out = append(out, c)
		return err
	}, query, now.UnixMilli(), subjects, person)
	return out, err
}

// Masked gives an identity with its contact keys as MaskKey writes them.
func (i Identity) Masked() Identity {
	i.Key, i.Person = MaskKey(i.Key), MaskKey(i.Person)
	i.Keys, i.Links, i.Cases = slices.Clone(i.Keys), slices.Clone(i.Links), slices.Clone(i.Cases)
	for n := range i.Keys {
		i.Keys[n].Key = MaskKey(i.Keys[n].Key)
	}
	for n := range i.Links {
		i.Links[n].A, i.Links[n].B, i.Links[n].Why = MaskKey(i.Links[n].A), MaskKey(i.Links[n].B), Mask(i.Links[n].Why)
	}
	maskSubjects(i.Cases)
	return i
}

// Masked gives an account with the keys of its persons as MaskKey writes them.
func (a AccountIdentity) Masked() AccountIdentity {
	a.Persons, a.Cases = slices.Clone(a.Persons), slices.Clone(a.Cases)
	for n := range a.Persons {
		a.Persons[n] = MaskKey(a.Persons[n])
	}
	maskSubjects(a.Cases)
	return a
}

func maskSubjects(cases []IdentityCase) {
	for n := range cases {
		cases[n].Subject = MaskKey(cases[n].Subject)
	}
}
