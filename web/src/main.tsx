import { createRoot } from 'react-dom/client';
import { App } from './app';
import { keepStylesStrict } from './strict-styles';
import './styles.css';

keepStylesStrict();
createRoot(document.getElementById('root')!).render(<App />);
