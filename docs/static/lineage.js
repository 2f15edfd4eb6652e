// Over a view of a lineage: all that it rests on, and all that rests on it, stand out.
for (const picture of document.querySelectorAll(".lineage")) {
  const boxes = [...picture.querySelectorAll("a")];
  const edges = [...picture.querySelectorAll(".edge")];
  const follow = (name, here, there, found) => {
    for (const edge of edges.filter((edge) => edge.dataset[here] === name && !found.has(edge))) {
      found.add(edge);
      follow(edge.dataset[there], here, there, found);
    }
    return found;
  };
  const show = (name) => {
    const lit = new Set([...follow(name, "to", "from", new Set()), ...follow(name, "from", "to", new Set())]);
    const names = new Set([name, ...[...lit].flatMap((edge) => [edge.dataset.from, edge.dataset.to])]);
    edges.forEach((edge) => edge.classList.toggle("on", lit.has(edge)));
    boxes.forEach((box) => box.classList.toggle("on", names.has(box.dataset.name)));
    picture.classList.add("chosen");
  };
  for (const box of boxes) {
    for (const event of ["mouseenter", "focus"]) box.addEventListener(event, () => show(box.dataset.name));
    for (const event of ["mouseleave", "blur"]) box.addEventListener(event, () => picture.classList.remove("chosen"));
  }
}
