// Charts of the page start when they come near the window.

const near = new IntersectionObserver((entries) => {
  for (const {isIntersecting, target} of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    startChart(target);
  }
}, {rootMargin: "800px"});
for (const home of document.querySelectorAll(".chart")) near.observe(home);
