/** The guard console: `/console`. */
import { createRoot } from 'react-dom/client'
import { Stopped } from '../session/Stopped'
import { Texts } from '../texts/useT'
import '../theme/aksel.css'
import '../theme/base.css'
import { Console } from './Console'
import './console.css'

const root = document.getElementById('root')
if (!root) throw new Error('console.html has no #root')
createRoot(root).render(
  <Texts>
    <Stopped>
      <Console />
    </Stopped>
  </Texts>,
)
