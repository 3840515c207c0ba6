import { config } from "/config.js";

const answer = await fetch(`${config.apiUrl}/version`);
const { commit, migration } = await answer.json();
document.getElementById("version").textContent = `${commit.slice(0, 12)} / ${migration}`;
