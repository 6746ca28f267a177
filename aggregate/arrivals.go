package aggregate

// arrivalsQuery reads who is touched by what was stored in a range of offsets.
const arrivalsQuery = `SELECT contact_key, contact_keys, account, thread FROM interactions
	WHERE topic = {topic} AND partition = {partition} AND offset > {from} AND offset <= {to}`
