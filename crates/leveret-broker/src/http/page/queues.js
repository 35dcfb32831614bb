"use strict";
// Lists the first queues every five seconds; all text is set as text.
const COLUMNS = ["vhost", "name", "type", "messages_ready", "messages_unacknowledged", "consumers"];
const QUERY = `api/queues?page=1&page_size=100&columns=${COLUMNS.join(",")}`;

async function show() {
  const state = document.getElementById("state");
  try {
    const answer = await fetch(QUERY);
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.reason);
    const rows = found.items.map((queue) => {
      const row = document.createElement("tr");
      for (const column of COLUMNS) row.insertCell().textContent = queue[column] ?? "";
      return row;
    });
    document.getElementById("queues").replaceChildren(...rows);
    state.textContent = `${found.items.length} of ${found.total_count} queues, ${new Date().toLocaleTimeString()}`;
  } catch (error) {
    state.textContent = `Cannot list queues: ${error.message}`;
  }
}

show();
setInterval(show, 5000);
